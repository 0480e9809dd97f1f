import { parseDuration } from "@pawl/contract/duration";
import { badRequest } from "../errors/bad-request.ts";

const units = [
  [/^(?:s|secs?|seconds?)$/, 1],
  [/^(?:m|mins?|minutes?)$/, 60],
  [/^(?:h|hrs?|hours?)$/, 3_600],
  [/^(?:d|days?)$/, 86_400],
  [/^(?:w|weeks?)$/, 604_800],
] as const;

/**
 * Reads until when a token is valid.
 *
 * @param time - how long from now, as in `1h30m`, `24hr` or `2 days`; a date; or seconds since 1970
 * @returns what the API takes: a duration, or seconds since 1970
 * @throws BadRequestError when it is none of these
 * @example
 * ```ts
 * expirationToWire("2 days"); // "172800s"
 * ```
 */
export function expirationToWire(time: string | number | Date): string | number {
  const wire = typeof time === "string" ? durationText(time) : secondsOf(time);
  if (wire !== null) return wire;
  throw badRequest(
    "expirationTime",
    "The expirationTime must be a duration such as 1h, a Date, or seconds since 1970.",
  );
}

function secondsOf(time: number | Date): number | null {
  const seconds = Math.floor(time instanceof Date ? time.getTime() / 1_000 : time);
  return Number.isNaN(seconds) ? null : seconds;
}

function durationText(text: string): string | null {
  if (parseDuration(text) !== null) return text;
  const [, count, name = ""] = /^(\d+) ?([a-z]+)$/i.exec(text.trim()) ?? [];
  const unit = units.find(([pattern]) => pattern.test(name.toLowerCase()));
  return unit === undefined ? null : `${Number(count) * unit[1]}s`;
}
