import type { Measure } from "./measure.ts";
import { median } from "./statistics.ts";
import { timesOf } from "./wait-times.ts";

/** A run that triggers 1,000 no-op children in one batch and waits for all of them: from the call to the results; the median of three. */
export const fanOut: Measure = {
  gives: ["fan_out_1000_ms"],
  async sample(system) {
    await system.worker();
    const plan = { taskId: "bench.fan-out", payload: { children: 1_000 }, count: 1 };
    await timesOf(system, plan);
    const tookMs: number[] = [];
    for (let round = 0; round < 3; round++) tookMs.push(...(await timesOf(system, plan)));
    return { fan_out_1000_ms: median(tookMs) };
  },
};
