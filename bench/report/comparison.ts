import { alignColumns } from "./columns.ts";

/** A figure with its samples, of whatever measurement. */
export interface ComparableResult {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly samples: readonly number[];
}

const headings = ["figure", "before", "now", "unit", "ratio", "noise", ""];

/**
 * Compares two measurements: the ratio of the medians, and the range of ratios that the samples of both allow. A ratio of one inside
 * that range says nothing.
 *
 * @param before - the earlier results
 * @param now - the later ones
 * @returns the lines of a table, with the figures that both have
 */
export function renderComparison(
  before: readonly ComparableResult[],
  now: readonly ComparableResult[],
): readonly string[] {
  const rows = now.flatMap((later) => {
    const earlier = before.find(({ name }) => name === later.name);
    return earlier === undefined ? [] : [rowOf(earlier, later)];
  });
  if (rows.length === 0) return ["The two have no figure in common."];
  return alignColumns([headings, ...rows], [1, 2, 4]);
}

function rowOf(earlier: ComparableResult, later: ComparableResult): readonly string[] {
  const ratio = later.median / earlier.median;
  const lowest = Math.min(...later.samples) / Math.max(...earlier.samples);
  const highest = Math.max(...later.samples) / Math.min(...earlier.samples);
  const isKnown = earlier.samples.length > 1 && later.samples.length > 1 && Number.isFinite(ratio);
  return [
    later.name,
    shown(earlier.median),
    shown(later.median),
    later.unit,
    Number.isFinite(ratio) ? `${ratio.toFixed(2)} ×` : "–",
    isKnown ? `${lowest.toFixed(2)}–${highest.toFixed(2)}` : "one sample",
    isKnown ? verdictOf(later, { lowest, highest }) : "",
  ];
}

function verdictOf(later: ComparableResult, { lowest, highest }: { lowest: number; highest: number }): string {
  if (lowest <= 1 && highest >= 1) return "within the noise";
  const isMore = lowest > 1;
  const isMoreBetter = later.unit === "/s" || /_per_s ÷|\.backlog_ratio/.test(later.name);
  return isMore === isMoreBetter ? "better" : "WORSE";
}

function shown(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 2 : 0 });
}
