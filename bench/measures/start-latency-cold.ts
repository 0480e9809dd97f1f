import { setTimeout as delay } from "node:timers/promises";
import { rssOfRunProcesses } from "../system/memory.ts";
import type { Measure } from "./measure.ts";
import { startLatenciesMs } from "./start-latency.ts";

const settleMs = 2_000;
const holdMs = 3_000;

/**
 * The start of a run that finds no prepared process. A fresh worker with so many prepared processes gets one run more than that,
 * all at once, each of which holds its process; the last of them starts when a process for it was spawned and has imported the bundle.
 */
export const startLatencyCold: Measure = {
  gives: ["start_latency_cold_ms"],
  async sample(system) {
    const { load, rows } = system;
    await system.withoutWorker();
    const host = await system.worker();
    await delay(settleMs);
    const prepared = (await rssOfRunProcesses(host.process.pid ?? 0)).length;
    const burst = { taskId: "bench.moment", payload: { holdMs }, count: prepared + 1 };
    const { runs } = await load.call("trigger_at_once", burst);
    await rows.awaitAllFinished();
    const latencies = await startLatenciesMs(system, runs);
    await system.withoutWorker(); // the next measure gets a worker that knows only short runs
    return { start_latency_cold_ms: Math.max(...latencies) };
  },
};
