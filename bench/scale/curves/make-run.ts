import { setTimeout as delay } from "node:timers/promises";
import { fromPublicId } from "@pawl/contract/ids";
import type { System } from "../../system/system.ts";

const timeoutMs = 30_000;

/** How far a run has to be. */
export type Progress = "queued" | "waiting" | "finished";

const reached: Readonly<Record<Progress, string>> = {
  queued: "select from live_run where run_id = $1 and state = 'queued'",
  waiting: "select from live_run where run_id = $1 and state = 'waiting'",
  finished: "select from run where id = $1 and outcome = 'completed'",
};

/**
 * Triggers a run, and waits until it is so far: its rows are what others are copied from.
 *
 * @param system - with a worker, where the run has to execute
 * @param taskId - of which task
 * @param payload - its payload
 * @param progress - how far
 * @returns its id, as its rows have it
 */
export async function makeRun(system: System, taskId: string, payload: unknown, progress: Progress): Promise<string> {
  const { runs } = await system.load.call("trigger_at_once", { taskId, payload, count: 1 });
  const id = fromPublicId("run", runs[0]?.runId ?? "");
  if (id === null) throw new Error(`A trigger of ${taskId} answers without a run.`);
  const deadlineMs = performance.now() + timeoutMs;
  while ((await system.client.query(reached[progress], [id])).rowCount === 0) {
    if (performance.now() > deadlineMs) throw new Error(`A run of ${taskId} is not ${progress} after ${timeoutMs} ms.`);
    await delay(20);
  }
  return id;
}
