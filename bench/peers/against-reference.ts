import type { PeerFigureName } from "./figures.ts";
import { explanationOf, referenceOf } from "./reference.ts";
import type { PeerResult } from "./report/results.ts";

/** A figure beside what the same contender reached in the reference measurement. */
export interface ReferenceRow {
  readonly contender: string;
  readonly figure: PeerFigureName;
  readonly reference: number;
  readonly here: number;
  /** Here divided by there. */
  readonly ratio: number;
  /** The same divided by that of the bare table, which tells the two machines apart; null: the bare table has no such figure. */
  readonly toBareTable: number | null;
  /** Null: within 30 %, as it is or beside the bare table. */
  readonly explanation: string | null;
}

const lowest = 0.7;
const highest = 1.3;
const unexplained = "not explained";

/**
 * Compares what the contenders reached with the reference measurement: a peer that is set up badly is no peer.
 *
 * @param results - of a measurement
 * @returns the figures that both have
 */
export function compareWithReference(results: readonly PeerResult[]): readonly ReferenceRow[] {
  const ratioIn = (contender: string, figure: PeerFigureName) => {
    const here = results.find((result) => result.contender === contender && result.figure === figure)?.median;
    const reference = referenceOf(contender, figure);
    return here === undefined || reference === null ? null : { here, reference, ratio: here / reference };
  };
  return results.flatMap(({ contender, figure }) => {
    const own = ratioIn(contender, figure);
    if (own === null) return [];
    const bare = contender === "bare" ? null : ratioIn("bare", figure);
    const toBareTable = bare === null ? null : own.ratio / bare.ratio;
    const isWithin = isClose(own.ratio) || (toBareTable !== null && isClose(toBareTable));
    const explanation = isWithin ? null : (explanationOf(contender, figure, own.ratio) ?? unexplained);
    return [{ contender, figure, ...own, toBareTable, explanation }];
  });
}

const isClose = (ratio: number) => ratio >= lowest && ratio <= highest;
