import { RunContextError } from "../errors/task-error.ts";
import { currentRun } from "../runtime.ts";

/**
 * Keeps the attempt of a run from ending until a promise has settled: for work that its output does not depend on. What the
 * promise rejects with is logged. It does not make the run wait as `wait` does: the run goes on executing, and holds its slot.
 *
 * @param promise - the work
 * @throws RunContextError outside of a run
 * @example
 * ```ts
 * waitUntil(analytics.flush());
 * ```
 */
export function waitUntil(promise: Promise<unknown>): void {
  const current = currentRun();
  if (current.kind !== "run") {
    throw new RunContextError("waitUntil was called outside of a run. It belongs into the code of a task.");
  }
  current.run.waitUntil?.(promise);
}
