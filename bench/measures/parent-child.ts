import type { Measure } from "./measure.ts";
import { percentile } from "./statistics.ts";
import { timesOf } from "./wait-times.ts";

/** A run that waits for 200 no-op children, one after the other, on a warm worker: from the call to its result, without the first ten. */
export const parentChild: Measure = {
  gives: ["parent_child_warm_p50_ms", "parent_child_warm_p95_ms"],
  async sample(system) {
    await system.worker();
    await timesOf(system, { taskId: "bench.parent", payload: { children: 20 }, count: 1 });
    const tookMs = await timesOf(system, { taskId: "bench.parent", payload: { children: 210 }, count: 1 });
    const warm = tookMs.slice(10);
    return { parent_child_warm_p50_ms: percentile(warm, 50), parent_child_warm_p95_ms: percentile(warm, 95) };
  },
};
