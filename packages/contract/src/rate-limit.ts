import { z } from "zod";
import { parseDuration } from "./duration.ts";

/** The longest period of a rate limit, in milliseconds: a week. */
const maxPeriodMs = 604_800_000;

/** A length of time as a duration such as `1m`, or in milliseconds; parsed to milliseconds. */
const periodSchema = z
  .union(
    [z.number(), z.string().transform((text) => parseDuration(text) ?? Number.NaN)],
    "must be a duration such as 1s or 5m",
  )
  .refine(
    (lengthMs) => Number.isInteger(lengthMs) && lengthMs >= 1 && lengthMs <= maxPeriodMs,
    "must be a duration such as 1s or 5m, of a week at most",
  );

const limitMessage = "must be a whole number from 1 to 1,000,000; to keep everything back, pause the queue";
const burstMessage = "must be a whole number from 1 to the limit";

/** How many runs may start in a time. */
export const rateLimitSchema = z
  .object({
    /** How many runs may start in each period. */
    limit: z.int(limitMessage).min(1, limitMessage).max(1_000_000, limitMessage),
    /** The length of a period, in milliseconds. */
    period: periodSchema,
    /** How many of them may start at once. Default: {@link defaultBurst}. */
    burst: z
      .int(burstMessage)
      .min(1, burstMessage)
      .nullish()
      .transform((burst) => burst ?? undefined)
      .optional(), // of the parsed object, too
  })
  .refine(({ limit, burst }) => burst === undefined || burst <= limit, { path: ["burst"], error: burstMessage });

/** A rate limit after parsing: starts are spaced evenly over the period, but for a burst. */
export type RateLimit = z.output<typeof rateLimitSchema>;

/** A rate limit as it may be written, with the period as text. */
export type RateLimitInput = z.input<typeof rateLimitSchema>;

/**
 * How many runs may start at once under a rate limit that does not say: one, or a tenth of a second's worth where that is more, so that
 * a fast rate is reached.
 *
 * @param rate - the rate limit
 * @returns a whole number from 1 to the limit
 * @example
 * ```ts
 * defaultBurst({ limit: 100, period: 1_000 }); // 10
 * defaultBurst({ limit: 10, period: 60_000 }); // 1
 * ```
 */
export function defaultBurst({ limit, period }: Pick<RateLimit, "limit" | "period">): number {
  return Math.max(1, Math.min(limit, Math.floor((limit * 100) / period)));
}
