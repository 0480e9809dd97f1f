const unitMs = { w: 604_800_000, d: 86_400_000, h: 3_600_000, hr: 3_600_000, m: 60_000, s: 1_000 } as const;
const pattern = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)(?:hr|h))?(?:(\d+)m)?(?:(\d+)s)?$/;

/**
 * Reads a duration such as `"1h52m18s"`: weeks, days, hours (`h` or `hr`), minutes and seconds, largest first.
 *
 * @param text - the duration
 * @returns its length in milliseconds, or `null` when the text is no duration
 * @example
 * ```ts
 * parseDuration("1h52m18s"); // 6_738_000
 * parseDuration("90"); // null: the unit is missing
 * ```
 */
export function parseDuration(text: string): number | null {
  const match = pattern.exec(text);
  if (match === null || text === "") return null;
  const [, weeks, days, hours, minutes, seconds] = match;
  const totalMs =
    Number(weeks ?? 0) * unitMs.w +
    Number(days ?? 0) * unitMs.d +
    Number(hours ?? 0) * unitMs.h +
    Number(minutes ?? 0) * unitMs.m +
    Number(seconds ?? 0) * unitMs.s;
  return Number.isSafeInteger(totalMs) ? totalMs : null;
}

/**
 * Writes a length of time for people: `850 ms`, `2.4 s`, `3m 20s`, `1h 5m`.
 *
 * @param lengthMs - a length in milliseconds
 * @returns the text
 * @example
 * ```ts
 * formatDuration(200_000); // "3m 20s"
 * ```
 */
export function formatDuration(lengthMs: number): string {
  if (lengthMs < 999.5) return `${Math.round(lengthMs)} ms`;
  if (lengthMs < 59_950) return `${(lengthMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(lengthMs / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  return `${Math.floor(seconds / 3_600)}h ${Math.floor((seconds % 3_600) / 60)}m`;
}
