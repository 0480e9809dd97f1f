import { setTimeout as delay } from "node:timers/promises";
import { task } from "@pawl/sdk";

/** Keeps its process for a while; its queue leaves two of the worker's 16 processes to others. */
export const busy = task({
  id: "bench.busy",
  queue: { concurrencyLimit: 14 },
  run: async ({ holdMs }: { holdMs: number }) => {
    await delay(holdMs);
  },
});
