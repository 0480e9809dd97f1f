import { setTimeout as delay } from "node:timers/promises";
import type { Measure } from "./measure.ts";
import { startLatenciesMs } from "./start-latency.ts";
import { percentile } from "./statistics.ts";

const settleMs = 2_000;

/** 200 single triggers, 50 ms apart, to a worker that is otherwise idle and whose processes have executed runs before. */
export const startLatencyWarm: Measure = {
  gives: ["start_latency_warm_p50_ms", "start_latency_warm_p95_ms", "start_latency_warm_p99_ms"],
  async sample(system) {
    const { load, rows } = system;
    const trigger = { taskId: "bench.moment", payload: { holdMs: 0 }, intervalMs: 50 };
    await system.worker();
    await load.call("trigger_spaced", { ...trigger, count: 20 });
    await rows.settle();
    await delay(settleMs);
    const { runs } = await load.call("trigger_spaced", { ...trigger, count: 200 });
    await rows.awaitAllFinished();
    const latencies = await startLatenciesMs(system, runs);
    return {
      start_latency_warm_p50_ms: percentile(latencies, 50),
      start_latency_warm_p95_ms: percentile(latencies, 95),
      start_latency_warm_p99_ms: percentile(latencies, 99),
    };
  },
};
