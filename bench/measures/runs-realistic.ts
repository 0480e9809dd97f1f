import { fullLivesPerSecond } from "./full-life.ts";
import type { Measure } from "./measure.ts";

/** 10,000 queued runs of a task with a schema, 1 KB in and out, and three log lines, until all have finished. */
export const runsRealistic: Measure = {
  gives: ["runs_realistic_per_s"],
  async sample(system) {
    const plan = { taskId: "bench.realistic", payload: order, runs: 10_000 };
    return { runs_realistic_per_s: await fullLivesPerSecond(system, plan) };
  },
};

/** About 1 KB as JSON. */
const order = {
  orderId: "order-2f6f0c8b1d11",
  customer: { name: "Grace Brewster Hopper", email: "grace.hopper@navy.example", country: "US" },
  placedAt: "2025-03-14T09:26:53.589Z",
  lines: [
    { sku: "CMP-0001", title: "Compiler, hand-assembled, with manual", quantity: 1, unitCents: 129_900 },
    { sku: "TAP-0457", title: "Punched paper tape, one inch, eight channels", quantity: 40, unitCents: 350 },
    { sku: "MTH-1947", title: "Moth, mounted, logbook page included", quantity: 1, unitCents: 194_700 },
    { sku: "WIR-0298", title: "Nanosecond of copper wire, 29.8 cm", quantity: 500, unitCents: 15 },
    { sku: "CLK-0060", title: "Wall clock that runs counterclockwise", quantity: 2, unitCents: 4_200 },
    { sku: "FLG-0048", title: "Pirate flag for the computing department", quantity: 1, unitCents: 2_350 },
  ],
  notes: "Please deliver to the rear entrance between nine and eleven, and ask for the officer on duty. ".repeat(3),
};
