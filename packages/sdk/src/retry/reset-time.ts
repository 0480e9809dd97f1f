/** How a header says when a limit is reset. */
export type ResetFormat = "unix_timestamp" | "unix_timestamp_in_ms" | "iso_8601" | "iso_8601_duration_openai_variant";

const durationUnitsMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/**
 * Reads when a limit is reset.
 *
 * @param text - the header's value
 * @param format - how it is written: seconds or milliseconds since 1970, an ISO date, or a length of time such as `1m30s` or `450ms`
 * @param nowMs - now, in milliseconds since 1970
 * @returns the time in milliseconds since 1970; null when the text is not of that format
 */
export function resetTime(text: string, format: ResetFormat, nowMs: number): number | null {
  const atMs = readers[format](text.trim(), nowMs);
  return Number.isFinite(atMs) ? atMs : null;
}

const readers: Readonly<Record<ResetFormat, (text: string, nowMs: number) => number>> = {
  unix_timestamp: (text) => (text === "" ? Number.NaN : Number(text) * 1_000),
  unix_timestamp_in_ms: (text) => (text === "" ? Number.NaN : Number(text)),
  iso_8601: (text) => Date.parse(text),
  iso_8601_duration_openai_variant: (text, nowMs) => nowMs + durationMs(text),
};

/** Reads `1d2h3m4.5s` and `450ms`. */
function durationMs(text: string): number {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(text)) return Number.NaN;
  let totalMs = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)) {
    totalMs += Number(count) * durationUnitsMs[unit as keyof typeof durationUnitsMs]; // the pattern names no other
  }
  return totalMs;
}
