import { fullLivesPerSecond } from "./full-life.ts";
import type { Measure } from "./measure.ts";

/** 20,000 queued no-op runs, until all have finished. */
export const runsEndToEnd: Measure = {
  gives: ["runs_end_to_end_per_s"],
  async sample(system) {
    const plan = { taskId: "bench.noop", payload: { n: 1 }, runs: 20_000 };
    return { runs_end_to_end_per_s: await fullLivesPerSecond(system, plan) };
  },
};
