import { median } from "../measures/statistics.ts";
import type { ComparableResult } from "./comparison.ts";

const own = "pawl.";

/**
 * Adds how Pawl stands to each peer, round by round, where both have more than one sample: these ratios can be compared between
 * machines, which the figures themselves can't.
 *
 * @param results - named by contender and figure; others are left as they are
 * @returns the results, and behind them the ratios
 */
export function withPeerRatios(results: readonly ComparableResult[]): readonly ComparableResult[] {
  const ratios = results
    .filter(({ name, samples }) => name.startsWith(own) && samples.length > 1)
    .flatMap((pawl) => {
      const figure = pawl.name.slice(own.length - 1);
      return results
        .filter(({ name, samples }) => name !== pawl.name && name.endsWith(figure) && samples.length > 1)
        .map((peer) => ratioOf(pawl, peer, peer.name.slice(0, -figure.length)));
    });
  return [...results, ...ratios];
}

function ratioOf(pawl: ComparableResult, peer: ComparableResult, label: string): ComparableResult {
  const rounds = Math.min(pawl.samples.length, peer.samples.length);
  const samples = pawl.samples.slice(0, rounds).map((sample, round) => sample / (peer.samples[round] ?? Number.NaN));
  return { name: `${pawl.name} ÷ ${label}`, unit: "×", median: median(samples), samples };
}
