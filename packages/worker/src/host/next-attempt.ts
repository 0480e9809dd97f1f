import { nextRetryDelayMs, type RetryPolicy } from "@pawl/contract/retry";
import type { AssignedRun, RunResult } from "@pawl/contract/worker-protocol";

/**
 * Adds to the result of a failed attempt when the next one is due by its task's policy. Code that decided by itself has the
 * last word, and the run's own number of attempts counts.
 *
 * @param result - how the attempt ended
 * @param run - the run
 * @param policy - of its task; undefined when the host does not know the task
 * @returns the result to report; without `retry` the run is not attempted again
 * @example
 * ```ts
 * withRetry(failed, { attempt: 1, maxAttempts: 3 }, defaultRetryPolicy).retry; // { delayMs: 1_000 to 2_000 }
 * ```
 */
export function withRetry(
  result: RunResult,
  run: Pick<AssignedRun, "attempt" | "maxAttempts">,
  policy: RetryPolicy | undefined,
): RunResult {
  if (result.kind === "completed" || result.retry !== undefined || policy === undefined) return result;
  const delayMs = nextRetryDelayMs({ ...policy, maxAttempts: run.maxAttempts }, run.attempt);
  return delayMs === null ? result : { ...result, retry: { delayMs } };
}
