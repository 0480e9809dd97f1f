import { cpuForEachRun } from "../system/cpu-time.ts";
import type { Measure } from "./measure.ts";

const callers = 50;
const durationMs = 10_000;
const rampMs = 2_000;

/** Single triggers, 50 at once, for 10 s while a worker executes them: runs that finish per second, without the first 2 s. */
export const runsSteadyState: Measure = {
  gives: ["runs_steady_state_per_s"],
  async sample(system) {
    const { worker, load, rows } = system;
    const trigger = { taskId: "bench.noop", payload: { n: 1 }, callers };
    await worker();
    await load.call("trigger_during", { ...trigger, durationMs: 1_000 });
    await rows.awaitAllFinished();
    await rows.settle();
    const before = await system.cpuTimes();
    const beganAtMs = await rows.now();
    const { count: triggered } = await load.call("trigger_during", { ...trigger, durationMs });
    await rows.awaitAllFinished();
    system.note(cpuForEachRun(before, await system.cpuTimes(), triggered));
    await rows.finishedSince(beganAtMs);
    const count = await rows.countFinished(beganAtMs + rampMs, beganAtMs + durationMs);
    return { runs_steady_state_per_s: (count / (durationMs - rampMs)) * 1_000 };
  },
};
