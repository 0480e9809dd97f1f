/** How long bars are. */
export interface BarScale {
  readonly isLogarithmic: boolean;
  /** The part of the whole width that a value takes. */
  share(value: number): number;
  /** Values that get a line. */
  readonly ticks: readonly number[];
}

const farApart = 20;
/** So that the shortest bar of a logarithmic scale can be seen. */
const shortest = 0.06;

/**
 * Makes a scale for values: from zero, or logarithmic where they lie far apart.
 *
 * @param values - all that it has to hold
 * @param isRatio - whether they are ratios, which are compared with one: always from zero
 * @returns the scale
 */
export function barScale(values: readonly number[], isRatio = false): BarScale {
  const most = Math.max(...values, Number.MIN_VALUE);
  const least = Math.min(...values.filter((value) => value > 0), most);
  if (isRatio || most / least < farApart) {
    const step = stepOf(most);
    return { isLogarithmic: false, share: (value) => value / most, ticks: upTo(most, (n) => n * step) };
  }
  const [from, to] = [Math.log10(least), Math.log10(most)];
  const share = (value: number) =>
    value <= 0 ? 0 : shortest + ((1 - shortest) * (Math.log10(value) - from)) / (to - from);
  const decades = upTo(most, (n) => 10 ** (Math.floor(from) + n));
  const parts = to - from < 2 ? [1, 3] : [1];
  const ticks = decades.flatMap((decade) => parts.map((part) => part * decade));
  return { isLogarithmic: true, share, ticks: ticks.filter((tick) => tick >= least && tick <= most) };
}

/** A round number of which three to six fit into a value. */
function stepOf(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return [0.2, 0.5, 1, 2].map((part) => part * power).find((step) => most / step <= 6) ?? power;
}

function upTo(most: number, tick: (n: number) => number): readonly number[] {
  const ticks: number[] = [];
  while (ticks.length < 12 && tick(ticks.length) <= most) ticks.push(tick(ticks.length));
  return ticks;
}
