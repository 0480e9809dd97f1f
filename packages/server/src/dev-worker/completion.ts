import type { AttemptCompletion, SessionError } from "@pawl/contract/api/dev-runs";
import { packetTypeSchema } from "@pawl/contract/api/trigger";
import { type RunError, runErrors } from "@pawl/contract/errors";
import { nextRetryDelayMs, type RetryPolicy } from "@pawl/contract/retry";
import { runErrorSchema } from "@pawl/contract/run-error-schema";
import type { RunResult } from "@pawl/contract/worker-protocol";
import type { Claim } from "../engine/ports.ts";

/** A worker forgets a run just after it was told that the run is queued again: the run does not come back before, in milliseconds. */
const leastRetryDelayMs = 100;

/** What codes mean that only workers of the original know. */
const foreignCodes: Readonly<Record<string, keyof typeof runErrors>> = {
  COULD_NOT_FIND_EXECUTOR: "COULD_NOT_FIND_TASK",
  TASK_PROCESS_MAYBE_OOM_KILLED: "TASK_PROCESS_OOM_KILLED",
  TASK_MIDDLEWARE_ERROR: "TASK_RUN_UNCAUGHT_EXCEPTION",
  GRACEFUL_EXIT_TIMEOUT: "TASK_PROCESS_SIGTERM",
};

/**
 * Turns the end of an attempt into the engine's words.
 *
 * @param claim - the claim that the worker named
 * @param completion - what it said
 * @param attempt - the number of the attempt
 * @param policy - of its task; null when it is not known
 * @returns the result
 */
export function resultOf(
  claim: Claim,
  completion: AttemptCompletion,
  attempt: number,
  policy: RetryPolicy | null,
): RunResult {
  const durationMs = completion.usage?.durationMs ?? 0;
  if (completion.ok) {
    const outputType = packetTypeSchema.safeParse(completion.outputType).data ?? "application/json";
    const output = completion.output ?? undefined;
    return {
      kind: "completed",
      ...claim,
      outputType,
      durationMs,
      ...(output === undefined ? {} : storable(output, outputType)),
    };
  }
  const error = runErrorOf(completion.error);
  const delayMs = retryDelayMs(completion, error, attempt, policy);
  const retry = delayMs === null ? { never: true as const } : { delayMs: Math.max(leastRetryDelayMs, delayMs) };
  return { kind: "failed", ...claim, error, durationMs, retry };
}

/** Postgres holds no NUL in a text; as JSON the output stays what it was. */
function storable(output: string, outputType: string): { output: string; outputType?: "application/json" } {
  if (outputType !== "text/plain" || !output.includes("\0")) return { output };
  return { output: JSON.stringify(output), outputType: "application/json" };
}

/** The worker decides; where it could not, since the process died, its task's policy does. */
function retryDelayMs(
  completion: Extract<AttemptCompletion, { ok: false }>,
  error: RunError,
  attempt: number,
  policy: RetryPolicy | null,
): number | null {
  if (completion.retry) return completion.retry.delay;
  if (completion.skippedRetrying === true || error.type !== "INTERNAL_ERROR" || policy === null) return null;
  return runErrors[error.code].isRetryable ? nextRetryDelayMs(policy, attempt) : null;
}

function runErrorOf(error: SessionError): RunError {
  const known = runErrorSchema.safeParse(error);
  if (known.success) return known.data;
  if (error.type !== "INTERNAL_ERROR") return { type: "STRING_ERROR", raw: "message" in error ? error.message : "" };
  const code = foreignCodes[error.code] ?? "TASK_RUN_CRASHED";
  const message = error.message ? `${error.code}: ${error.message}` : error.code;
  return { type: "INTERNAL_ERROR", code, message, ...(error.stackTrace ? { stackTrace: error.stackTrace } : {}) };
}
