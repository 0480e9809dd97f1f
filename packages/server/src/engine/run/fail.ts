import { outcomeOf, type RunError, runErrors } from "@pawl/contract/errors";
import type { RunResult } from "@pawl/contract/worker-protocol";
import type { Failure } from "../ports.ts";

/**
 * Fail, and retry: an attempt of an executing run failed. Whether the error allows another attempt is decided here, whether
 * one is left by the store. The delay is the host's, which knows the task's policy and whether the run can stay. Accepts `executing` and `cancelling`
 * under the claim's fence; a run that is being cancelled is not attempted again.
 *
 * @param result - what the host reported
 * @returns what the store has to record
 */
export function failure(result: Extract<RunResult, { kind: "failed" }>): Failure {
  const { error, retry } = result;
  const isRetryable = error.type !== "INTERNAL_ERROR" || runErrors[error.code].isRetryable;
  const again = isRetryable && retry !== undefined && "delayMs" in retry ? retry : null;
  return {
    runId: result.runId,
    fence: result.fence,
    error,
    outcome: outcomeOf(error),
    uncalledHook: hasCalledHooks(error) ? undefined : "onFailure",
    durationMs: result.durationMs,
    retryDelayMs: again?.delayMs ?? null,
    isRetriedInPlace: again?.inPlace ?? false,
    attempt: result.attempt,
  };
}

/** A process that saw its run fail has called the hooks; one that died, was stopped, or in which an error escaped the run has not. */
function hasCalledHooks(error: RunError): boolean {
  if (error.type !== "INTERNAL_ERROR") return true;
  return outcomeOf(error) === "failed" && error.code !== "TASK_RUN_UNCAUGHT_EXCEPTION";
}
