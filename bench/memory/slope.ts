/** A point of a line. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** How much something grows for each unit of x. */
export interface Slope {
  readonly slope: number;
  /** Of the slope; infinite where the points are too few to tell. */
  readonly standardError: number;
  /** The slope is above this with a certainty of 99 %. */
  readonly atLeast: number;
}

/** Student's t, one-sided, 99 %, by degrees of freedom from one on; beyond them it hardly falls. */
const student = [31.82, 6.97, 4.54, 3.75, 3.37, 3.14, 3.0, 2.9, 2.82, 2.76, 2.72, 2.68, 2.65, 2.62, 2.6];
const studentOfMany = 2.6;

/**
 * Fits lines of one slope through groups of points, each group at a height of its own, by least squares.
 *
 * @param groups - the points
 * @returns the slope
 */
export function slopeOf(groups: readonly (readonly Point[])[]): Slope {
  const centred = groups.flatMap((points) => {
    const [x, y] = [meanOf(points.map((point) => point.x)), meanOf(points.map((point) => point.y))];
    return points.map((point) => ({ x: point.x - x, y: point.y - y }));
  });
  const sum = (of: (point: Point) => number) => centred.reduce((total, point) => total + of(point), 0);
  const spread = sum(({ x }) => x * x);
  const freedom = centred.length - groups.filter((points) => points.length > 0).length - 1;
  if (spread === 0 || freedom < 1)
    return { slope: 0, standardError: Number.POSITIVE_INFINITY, atLeast: Number.NEGATIVE_INFINITY };
  const slope = sum(({ x, y }) => x * y) / spread;
  const standardError = Math.sqrt(sum(({ x, y }) => (y - slope * x) ** 2) / freedom / spread);
  return { slope, standardError, atLeast: slope - (student[freedom - 1] ?? studentOfMany) * standardError };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
