import type { Measure } from "./measure.ts";
import { percentile } from "./statistics.ts";

const subscribers = 1_000;

/** 1,000 live readers, each of a run of its own; 500 changes, 20 ms apart, from before the call that makes each to its reader's loop. */
export const realtime: Measure = {
  gives: ["realtime_1000_p50_ms", "realtime_1000_p99_ms"],
  async sample({ load, rows }) {
    await rows.settle();
    const { latenciesMs } = await load.call("live_updates", { subscribers, updates: 500, intervalMs: 20 });
    return { realtime_1000_p50_ms: percentile(latenciesMs, 50), realtime_1000_p99_ms: percentile(latenciesMs, 99) };
  },
};
