import type { FigureName } from "./figures.ts";
import { allMeasures } from "./measures/all-measures.ts";
import type { Measure, Sample } from "./measures/measure.ts";
import type { System } from "./system/system.ts";

/** What to measure, and how often. */
export interface RoundsPlan {
  readonly names: ReadonlySet<FigureName>;
  readonly samples: number;
}

/**
 * Measures in rounds: each round takes one sample of everything, so that a figure and its calibration are of the same minutes.
 *
 * @param system - what is measured
 * @param plan - what, and how often
 * @param onProgress - told each sample
 * @returns the samples in the order in which they were taken
 */
export async function measureRounds(
  system: System,
  plan: RoundsPlan,
  onProgress: (text: string) => void,
): Promise<readonly Sample[]> {
  const measures = allMeasures.filter(({ gives }) => gives.some((name) => plan.names.has(name)));
  const samples: Sample[] = [];
  for (let round = 1; round <= plan.samples; round++) {
    for (const measure of measures) {
      if (round > 1 && measure.isOnce === true) continue;
      onProgress(`[${round}/${plan.samples}] ${wanted(measure, plan.names).join(", ")} …`);
      const sample = await Promise.race([measure.sample(system), system.breakdown()]);
      samples.push(sample);
      const values = wanted(measure, plan.names).map((name) => sample[name]?.toFixed(1));
      onProgress(`[${round}/${plan.samples}]   ${values.join(", ")}`);
    }
  }
  return samples;
}

function wanted({ gives }: Measure, names: ReadonlySet<FigureName>): readonly FigureName[] {
  return gives.filter((name) => names.has(name));
}
