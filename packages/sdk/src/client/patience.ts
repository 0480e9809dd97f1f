import { apiErrorFromAnswer } from "../errors/api-error-from-answer.ts";
import { callRetryDelayMs, callRetryPolicy } from "./retry-rule.ts";
import type { Answer } from "./transport.ts";

/** Without an end: whoever reads decides how long. */
const policy = callRetryPolicy({
  maxAttempts: Number.MAX_SAFE_INTEGER,
  factor: 2,
  minTimeoutInMs: 100,
  maxTimeoutInMs: 10_000,
  randomize: true,
});

/**
 * Says when a reader that reads for ever asks again after a failure: after 100 ms, then longer each time, up to 10 s.
 *
 * @param failures - how often it has failed in a row, from 1
 * @param answer - the answer that is no success; null when there was none
 * @returns the delay in milliseconds
 * @throws the ApiError of an answer that will not become another one
 * @example
 * ```ts
 * await pause(delayBeforeReading(1, null), signal);
 * ```
 */
export function delayBeforeReading(failures: number, answer: Answer | null): number {
  const delayMs = callRetryDelayMs(policy, failures, answer);
  if (delayMs !== null) return delayMs;
  throw answer === null ? new Error("unreachable: patience has no end") : apiErrorFromAnswer(answer);
}

/**
 * Waits for a time.
 *
 * @param lengthMs - how long, in milliseconds
 * @param signal - ends it when it fires
 * @returns when the time is over, or the signal has fired
 * @example
 * ```ts
 * await pause(100, signal);
 * ```
 */
export function pause(lengthMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, lengthMs);
    signal.addEventListener("abort", end, { once: true });
  });
}
