const units = [
  { name: "w", lengthMs: 604_800_000 },
  { name: "d", lengthMs: 86_400_000 },
  { name: "h", lengthMs: 3_600_000 },
  { name: "m", lengthMs: 60_000 },
] as const;

/**
 * A rate in the form that `pawl queues rate` takes.
 *
 * @param rate - how many runs in how many milliseconds
 * @returns such as `100/1m`
 * @example
 * ```ts
 * renderRate({ limit: 100, period: 60_000 }); // "100/1m"
 * ```
 */
export function renderRate({ limit, period }: { readonly limit: number; readonly period: number }): string {
  const unit = units.find(({ lengthMs }) => period % lengthMs === 0);
  return `${limit}/${unit === undefined ? `${period / 1_000}s` : `${period / unit.lengthMs}${unit.name}`}`;
}
