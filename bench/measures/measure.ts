import type { FigureName } from "../figures.ts";
import type { System } from "../system/system.ts";

/** One sample of each of some figures. */
export type Sample = Partial<Readonly<Record<FigureName, number>>>;

/** A way to take samples. */
export interface Measure {
  /** The figures that it gives. */
  readonly gives: readonly FigureName[];
  /** Whether it is taken in the first round only: it takes long and hardly varies. */
  readonly isOnce?: boolean;
  /** Takes one sample; leaves no unfinished run behind. */
  sample(system: System): Promise<Sample>;
}
