import { mergeRetryPolicies, nextRetryDelayMs, type PartialRetryPolicy, type RetryPolicy } from "@pawl/contract/retry";
import type { Answer } from "./transport.ts";

/** What calls do by themselves: 5 attempts, 1 s × 1.6, at most 30 s apart. */
export const clientRetryPolicy: RetryPolicy = {
  maxAttempts: 5,
  factor: 1.6,
  minTimeoutInMs: 1_000,
  maxTimeoutInMs: 30_000,
  randomize: false,
};

/** No answer makes a client wait longer than this, in milliseconds. */
const longestWaitMs = 10 * 60_000;

/**
 * Merges policies of calls over {@link clientRetryPolicy}.
 *
 * @param layers - in rising precedence
 * @returns a whole policy
 * @example
 * ```ts
 * callRetryPolicy({ maxAttempts: 1 }).maxAttempts; // 1
 * ```
 */
export function callRetryPolicy(...layers: readonly (PartialRetryPolicy | undefined)[]): RetryPolicy {
  return mergeRetryPolicies(clientRetryPolicy, ...layers);
}

/**
 * Says whether a call is repeated after an answer that is no success, and when.
 *
 * The server's `x-should-retry` decides; without it 408, 409, 429 and everything from 500 is repeated. A 429 waits for
 * `x-ratelimit-reset` (milliseconds since 1970), any answer for `retry-after` (seconds).
 *
 * @param policy - the call's policy
 * @param attempt - the number of the attempt that was answered, from 1
 * @param answer - the answer; `null` when there was none
 * @returns the delay in milliseconds; `null` when the call is not repeated
 * @example
 * ```ts
 * callRetryDelayMs(clientRetryPolicy, 1, { status: 503, headers: {}, text: "" }); // 1_000
 * ```
 */
export function callRetryDelayMs(policy: RetryPolicy, attempt: number, answer: Answer | null): number | null {
  const delayMs = nextRetryDelayMs(policy, attempt);
  if (delayMs === null || answer === null) return delayMs;
  const { status, headers } = answer;
  const verdict = headers["x-should-retry"];
  const isRetryable =
    verdict === "true" ||
    (verdict !== "false" && (status === 408 || status === 409 || status === 429 || status >= 500));
  if (!isRetryable) return null;
  const resetAtMs = Number(headers["x-ratelimit-reset"] ?? Number.NaN);
  if (status === 429 && resetAtMs > 0) return bounded(resetAtMs - Date.now() + Math.random() * 1_000);
  const retryAfterMs = Number(headers["retry-after"] ?? Number.NaN) * 1_000;
  return retryAfterMs >= 0 ? bounded(retryAfterMs) : delayMs;
}

function bounded(waitMs: number): number {
  return Math.min(longestWaitMs, Math.max(0, waitMs));
}
