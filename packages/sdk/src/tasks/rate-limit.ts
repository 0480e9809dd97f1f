import { parseDuration } from "@pawl/contract/duration";

/** How many runs may start in a time. They are spaced evenly over it, but for a burst. */
export interface RateLimit {
  /** How many runs may start in each period; a whole number from 1 to 1,000,000. */
  readonly limit: number;
  /** A duration such as `1s` or `5m`, or milliseconds; a week at most. */
  readonly period: string | number;
  /**
   * How many of them may start at once after a while without any; a whole number from 1 to the limit. Default: one, or a tenth of a
   * second's worth where that is more.
   */
  readonly burst?: number;
}

const maxLimit = 1_000_000;
const maxPeriodMs = 604_800_000;

/**
 * Says what is wrong with a rate limit.
 *
 * @param rate - the rate limit
 * @returns a sentence that goes on after its name, such as `has a limit of 0; …`; null when it can be right
 * @example
 * ```ts
 * rateLimitProblem({ limit: 10, period: "1m" }); // null
 * ```
 */
export function rateLimitProblem(rate: RateLimit): string | null {
  if (typeof rate !== "object" || rate === null) {
    return `is ${String(rate)}; write it as { limit: 100, period: "1m" }.`;
  }
  const { limit, period, burst } = rate;
  if (!isWhole(limit, maxLimit)) {
    return `has a limit of ${limit}; it must be a whole number from 1 to 1,000,000. To keep everything back, pause the queue.`;
  }
  if (!isWhole(typeof period === "string" ? parseDuration(period) : period, maxPeriodMs)) {
    return `has a period of ${period}; write it as 1s, 5m or 1h, or in milliseconds, a week at most.`;
  }
  if (burst !== undefined && !isWhole(burst, limit)) {
    return `has a burst of ${burst}; it must be a whole number from 1 to its limit of ${limit}.`;
  }
  return null;
}

function isWhole(value: number | null, max: number): boolean {
  return value !== null && Number.isInteger(value) && value >= 1 && value <= max;
}
