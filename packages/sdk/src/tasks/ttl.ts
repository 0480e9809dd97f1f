import { parseDuration } from "@pawl/contract/duration";

/**
 * Reads a time to live.
 *
 * @param ttl - a duration such as `10m`, or seconds; 0 for none
 * @param name - what it is of, for the message
 * @returns seconds
 * @throws TypeError when it is neither
 * @example
 * ```ts
 * ttlInSeconds("10m", "The ttl of task mail.send"); // 600
 * ```
 */
export function ttlInSeconds(ttl: string | number, name: string): number {
  if (typeof ttl === "number" && ttl >= 0) return ttl;
  const lengthMs = typeof ttl === "string" ? parseDuration(ttl) : null;
  if (lengthMs === null) throw new TypeError(`${name} is ${ttl}; write it as 10m, 1h30m, or in seconds.`);
  return lengthMs / 1_000;
}
