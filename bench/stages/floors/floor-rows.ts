import { median } from "../../measures/statistics.ts";

/** One line of a comparison with bare loops. */
export interface FloorRow {
  readonly part: string;
  /** What Pawl needs. */
  readonly pawl: number;
  /** What a bare loop needs that does only this; 0: nothing of it has to be. */
  readonly floor: number;
  /** What the bare loop does. */
  readonly loop: string;
}

/** A comparison: the rows add up to the whole. */
export interface FloorTable {
  readonly rows: readonly FloorRow[];
  readonly whole: { readonly pawl: number; readonly floor: number };
}

/** Stages that a bare loop stands for. */
export interface Span {
  readonly part: string;
  /** The names of the steps that end the stages. */
  readonly steps: readonly string[];
  readonly loop: string;
  /** What the loop took, each time, in milliseconds. */
  readonly floorMs: readonly number[];
}

/**
 * Puts stages beside bare loops; what no loop stands for comes last, with a floor of nothing.
 *
 * @param names - the names of all steps
 * @param passages - for each sample the length of every stage in milliseconds
 * @param spans - which stages a loop stands for
 * @returns the comparison, in medians; "the rest" is what is missing to the median of the whole
 */
export function floorTable(
  names: readonly string[],
  passages: readonly (readonly number[])[],
  spans: readonly Span[],
): FloorTable {
  const wholeMs = median(passages.map((lengths) => lengths.reduce((sum, length) => sum + length, 0)));
  const all = spans.map(({ part, steps, loop, floorMs }) => {
    const lengths = passages.map((passage) =>
      passage.reduce((sum, length, index) => sum + (steps.includes(names[index] ?? "") ? length : 0), 0),
    );
    return { part, loop, pawl: median(lengths), floor: median(floorMs) };
  });
  const rows = all.filter(({ pawl }) => pawl > 0); // Pawl does without the others
  const sum = (key: "pawl" | "floor") => rows.reduce((total, row) => total + row[key], 0);
  const rest = {
    part: "the rest: code between those, and what medians lack to the median of the whole",
    loop: "nothing",
    pawl: wholeMs - sum("pawl"),
    floor: 0,
  };
  return { rows: [...rows, rest], whole: { pawl: wholeMs, floor: sum("floor") } };
}
