import { cpuForEachRun } from "../system/cpu-time.ts";
import type { System } from "../system/system.ts";

/** Which runs to send through. */
export interface FullLifePlan {
  readonly taskId: string;
  readonly payload: unknown;
  readonly runs: number;
}

/** Looks on while the runs execute. */
export interface Onlooker {
  /** When all are queued, before they may be claimed. */
  before(): Promise<void>;
  /** When the last has finished. */
  after(): Promise<void>;
}

const runsEach = 1_000;
const warmUpRuns = 2_000;

/**
 * Queues runs while their environment is paused, lets them be claimed, and waits until each has an outcome. The worker is warm
 * from other runs of that task.
 *
 * @param system - what is measured
 * @param plan - which runs
 * @param onlooker - looks on; default: nobody
 * @returns finished runs per second: from the moment they may be claimed until the last has finished, on Postgres's clock
 */
export async function fullLivesPerSecond(system: System, plan: FullLifePlan, onlooker?: Onlooker): Promise<number> {
  const { load, rows } = system;
  const { taskId, payload } = plan;
  await system.worker();
  await load.call("trigger_batches", { taskId, payload, runsEach, batches: warmUpRuns / runsEach });
  await rows.awaitAllFinished();
  await rows.pause();
  const queuedFromMs = await rows.now();
  await load.call("trigger_batches", { taskId, payload, runsEach, batches: plan.runs / runsEach });
  await rows.settle();
  const before = await system.cpuTimes();
  await onlooker?.before();
  const resumedAtMs = await rows.resume();
  // The dispatcher looks at the queues again when something is triggered.
  await load.call("trigger_at_once", { taskId, payload, count: 1 });
  await rows.awaitAllFinished();
  await onlooker?.after();
  system.note(cpuForEachRun(before, await system.cpuTimes(), plan.runs));
  const finished = await rows.finishedSince(queuedFromMs);
  if (finished.count !== plan.runs + 1) throw new Error(`${finished.count} runs finished instead of ${plan.runs + 1}.`);
  return (finished.count / (finished.lastFinishedAtMs - resumedAtMs)) * 1_000;
}
