import { cpuForEachRun } from "../system/cpu-time.ts";
import type { Measure } from "./measure.ts";

const callers = 50;

/** Single triggers through the SDK, 50 at once, while no worker is connected: what the server accepts. */
export const triggerSingle: Measure = {
  gives: ["trigger_single_per_s"],
  async sample(system) {
    const { withoutWorker, worker, load, rows } = system;
    await withoutWorker();
    await rows.settle();
    const trigger = { taskId: "bench.noop", payload: { n: 1 }, callers };
    await load.call("trigger_during", { ...trigger, durationMs: 500 });
    const before = await system.cpuTimes();
    const { count, elapsedMs } = await load.call("trigger_during", { ...trigger, durationMs: 3_000 });
    system.note(cpuForEachRun(before, await system.cpuTimes(), count));
    await worker();
    await rows.awaitAllFinished();
    return { trigger_single_per_s: (count / elapsedMs) * 1_000 };
  },
};
