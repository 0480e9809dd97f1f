import type { System } from "../system/system.ts";

/** Which runs to trigger. */
export interface TimedRuns {
  readonly taskId: string;
  readonly payload: unknown;
  readonly count: number;
}

/**
 * Triggers runs that return a JSON array of milliseconds, and waits until they have finished.
 *
 * @param system - what is measured
 * @param plan - which runs
 * @returns all their milliseconds
 */
export async function timesOf({ load, rows }: System, plan: TimedRuns): Promise<readonly number[]> {
  const { runs } = await load.call("trigger_at_once", plan);
  await rows.awaitAllFinished();
  const outputs = await rows.outputs(runs.map(({ runId }) => runId));
  return [...outputs.values()].flatMap((output) => JSON.parse(output) as number[]); // the tasks in waits.ts return it
}
