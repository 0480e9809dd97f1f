import { type FigureName, figures } from "../figures.ts";
import type { Sample } from "../measures/measure.ts";
import { median } from "../measures/statistics.ts";

/** A figure that was measured. */
export interface Result {
  readonly name: FigureName;
  readonly unit: string;
  readonly median: number;
  /** One for each round. */
  readonly samples: readonly number[];
}

/**
 * Puts samples together.
 *
 * @param samples - of all rounds, in order
 * @param names - the figures that were asked for
 * @returns the results in the order of the table; a figure without a sample is left out
 */
export function toResults(samples: readonly Sample[], names: ReadonlySet<FigureName>): readonly Result[] {
  return figures.flatMap(({ name, unit }) => {
    const values = samples.flatMap((sample) => sample[name] ?? []).map(rounded);
    return values.length > 0 && names.has(name)
      ? [{ name, unit, median: rounded(median(values)), samples: values }]
      : [];
  });
}

/** Four digits are more than the machine repeats. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
