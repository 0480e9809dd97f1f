const units = [
  { name: "d", lengthS: 86_400 },
  { name: "h", lengthS: 3_600 },
  { name: "m", lengthS: 60 },
  { name: "s", lengthS: 1 },
] as const;

/**
 * A moment as seen from another one.
 *
 * @param at - the moment
 * @param now - the other one
 * @returns such as `in 3h 5m`, `2d ago`, or `now` for less than a second
 * @example
 * ```ts
 * timeFromNow(new Date("2026-01-02T12:30:00Z"), new Date("2026-01-02T12:00:00Z")); // "in 30m"
 * ```
 */
export function timeFromNow(at: Date, now: Date): string {
  const lengthS = Math.round((at.getTime() - now.getTime()) / 1_000);
  if (lengthS === 0) return "now";
  const length = largestUnits(Math.abs(lengthS));
  return lengthS > 0 ? `in ${length}` : `${length} ago`;
}

/** The two largest units, of which the second may be missing. */
function largestUnits(lengthS: number): string {
  const first = units.findIndex((unit) => unit.lengthS <= lengthS);
  let left = lengthS;
  const parts = units.slice(first, first + 2).map((unit) => {
    const count = Math.floor(left / unit.lengthS);
    left -= count * unit.lengthS;
    return count === 0 ? "" : `${count}${unit.name}`;
  });
  return parts.filter((part) => part !== "").join(" ");
}
