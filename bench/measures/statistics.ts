/**
 * The middle of some values; of an even number the mean of the two in the middle.
 *
 * @param values - at least one
 * @returns the median
 */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/**
 * The value that so many percent of the values do not exceed: the nearest rank, without interpolation.
 *
 * @param values - at least one
 * @param percent - 0 to 100
 * @returns the percentile
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}
