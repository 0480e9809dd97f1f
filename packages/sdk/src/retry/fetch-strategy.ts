import { mergeRetryPolicies, nextRetryDelayMs } from "@pawl/contract/retry";
import { type BodyFilter, fitsFilter } from "./body-filter.ts";
import type { RetryOptions } from "./on-throw.ts";
import { type ResetFormat, resetTime } from "./reset-time.ts";
import { matchesStatus } from "./status-pattern.ts";

/** Tries again with growing delays. */
export interface BackoffStrategy extends RetryOptions {
  readonly strategy: "backoff";
  /** Only answers whose JSON body fits it are tried again. */
  readonly bodyFilter?: BodyFilter;
}

/** Tries again when the service says that its limit is reset. */
export interface HeadersStrategy {
  readonly strategy: "headers";
  /** The header with the number of calls that the service allows. */
  readonly limitHeader: string;
  /** The header with the number of calls that are left. */
  readonly remainingHeader: string;
  /** The header with the time at which the limit is reset. */
  readonly resetHeader: string;
  /** Default: `unix_timestamp`. */
  readonly resetFormat?: ResetFormat;
  /** Tries in all; default: 10. */
  readonly maxAttempts?: number;
  readonly bodyFilter?: BodyFilter;
}

/** What to do about an answer with a certain status. */
export type StatusStrategy = BackoffStrategy | HeadersStrategy;

/** Strategies by statuses: `429`, `500-599`, `5xx`, or several with commas. The first that names the status counts. */
export type StatusStrategies = Readonly<Record<string, StatusStrategy>>;

/** What `retry.fetch` does unless it is told. */
export const defaultStrategies: StatusStrategies = { "408,409,429,5xx": { strategy: "backoff" } };

const defaultHeaderTries = 10;

/** Resets are spread over this time, in milliseconds, so that callers do not come back in step. */
const resetSpreadMs = 250;

/**
 * Finds what to do about an answer.
 *
 * @param strategies - by statuses
 * @param answer - the answer; its body stays to be read
 * @param attempt - the number of the try that it answers, from 1
 * @returns the delay before the next try, in milliseconds; null when there is none
 * @throws TypeError when a pattern is no status
 */
export async function delayAfterAnswer(
  strategies: StatusStrategies,
  answer: Response,
  attempt: number,
): Promise<number | null> {
  const found = Object.entries(strategies).find(([pattern]) => matchesStatus(pattern, answer.status));
  if (found === undefined) return null;
  const [, strategy] = found;
  if (strategy.bodyFilter !== undefined && !fitsFilter(strategy.bodyFilter, await jsonOf(answer))) return null;
  if (strategy.strategy === "backoff") return nextRetryDelayMs(mergeRetryPolicies(strategy), attempt);
  if (attempt >= (strategy.maxAttempts ?? defaultHeaderTries)) return null;
  return delayUntilReset(strategy, answer.headers, attempt);
}

/** Without a readable time, or with one that is over, the delay grows as by default. */
function delayUntilReset(strategy: HeadersStrategy, headers: Headers, attempt: number): number {
  const nowMs = Date.now();
  const text = headers.get(strategy.resetHeader);
  const atMs = text === null ? null : resetTime(text, strategy.resetFormat ?? "unix_timestamp", nowMs);
  if (atMs === null || atMs <= nowMs) {
    return nextRetryDelayMs(mergeRetryPolicies({ maxAttempts: attempt + 1 }), attempt) ?? 0;
  }
  return atMs - nowMs + Math.round(Math.random() * resetSpreadMs);
}

async function jsonOf(answer: Response): Promise<unknown> {
  try {
    return await answer.clone().json();
  } catch {
    return undefined; // a body that is no JSON fits no filter
  }
}
