import { type RateLimitInput, rateLimitSchema } from "@pawl/contract/rate-limit";
import { InvalidArgumentError } from "commander";

/**
 * Reads a rate as a command takes it.
 *
 * @param text - such as `100/1m`, `10/s`, or `none`
 * @returns the rate; null for none
 * @throws InvalidArgumentError when it is no rate
 * @example
 * ```ts
 * readRate("100/m"); // { limit: 100, period: "1m" }
 * ```
 */
export function readRate(text: string): RateLimitInput | null {
  if (text === "none") return null;
  const [, limit, period = ""] = /^(\d+)\/(\w+)$/.exec(text) ?? [];
  const rate = { limit: Number(limit), period: /^[a-z]/.test(period) ? `1${period}` : period };
  const { success, error } = rateLimitSchema.safeParse(rate);
  if (success) return rate;
  const [issue] = error.issues;
  const reason = limit === undefined || issue === undefined ? "" : ` (${String(issue.path[0])}: ${issue.message})`;
  throw new InvalidArgumentError(`Give runs and a time, such as 100/1m or 10/1s, or none${reason}.`);
}
