import { median } from "../../measures/statistics.ts";
import { type PeerFigureName, peerFigures } from "../figures.ts";
import type { ContenderSample } from "../rounds.ts";

/** A figure of a contender. */
export interface PeerResult {
  /** Contender and figure: what results of different days are compared by. */
  readonly name: string;
  readonly contender: string;
  readonly figure: PeerFigureName;
  readonly unit: string;
  readonly median: number;
  /** One for each round. */
  readonly samples: readonly number[];
}

/**
 * Puts samples together.
 *
 * @param samples - of all rounds, in order
 * @param names - of the contenders, in the order of the table
 * @returns the results, by figure and contender; a figure without a sample is left out
 */
export function toPeerResults(samples: readonly ContenderSample[], names: readonly string[]): readonly PeerResult[] {
  return peerFigures.flatMap(({ name: figure, unit }) =>
    names.flatMap((contender) => {
      const own = samples.filter((taken) => taken.contender === contender);
      const values = own.flatMap(({ sample }) => sample[figure] ?? []).map(rounded);
      if (values.length === 0) return [];
      const name = `${contender}.${figure}`;
      return [{ name, contender, figure, unit, median: rounded(median(values)), samples: values }];
    }),
  );
}

/** Four digits are more than the machine repeats. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
