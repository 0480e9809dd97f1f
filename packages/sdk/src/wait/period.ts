/** A length of time in one unit, or in several that add up. Months and years are those of the calendar. */
export type WaitPeriod =
  | { readonly seconds: number }
  | { readonly minutes: number }
  | { readonly hours: number }
  | { readonly days: number }
  | { readonly weeks: number }
  | { readonly months: number }
  | { readonly years: number };

const unitMs: Readonly<Record<string, number>> = {
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
  weeks: 604_800_000,
};

/**
 * Adds a period to a time.
 *
 * @param period - the period
 * @param startMs - the time, in milliseconds since 1970
 * @returns the time after it; the last day of a month where a month has no such day, as a month after January 31
 * @throws RangeError when there is no unit, or a number is negative or too large
 * @example
 * ```ts
 * timeAfter({ minutes: 2 }, 0); // 120_000
 * ```
 */
export function timeAfter(period: WaitPeriod, startMs: number): number {
  let lengthMs = 0;
  let months = 0;
  let units = 0;
  for (const [unit, count] of Object.entries(period)) {
    if (!(unit in unitMs) && unit !== "months" && unit !== "years") continue; // other options stand beside the period
    if (count === undefined) continue;
    if (typeof count !== "number" || !(count >= 0)) {
      throw new RangeError(`A wait of ${count} ${unit} can't be: give a number from 0.`);
    }
    units++;
    if (unit === "months") months += count;
    else if (unit === "years") months += count * 12;
    else lengthMs += count * (unitMs[unit] ?? 0);
  }
  if (units === 0) {
    throw new RangeError("A wait needs a length in seconds, minutes, hours, days, weeks, months or years.");
  }
  const endMs = addMonths(startMs, months) + lengthMs;
  if (Number.isNaN(new Date(endMs).getTime())) throw new RangeError("The wait would end after the end of time.");
  return Math.round(endMs);
}

function addMonths(startMs: number, months: number): number {
  if (months === 0) return startMs;
  if (!Number.isInteger(months)) throw new RangeError("Months and years have no fractions: their lengths differ.");
  const start = new Date(startMs);
  const end = new Date(startMs);
  end.setUTCMonth(start.getUTCMonth() + months);
  if (end.getUTCDate() !== start.getUTCDate()) end.setUTCDate(0); // the month has no such day: the last one it has
  return end.getTime();
}
