/** A typing error changes less than this share of a name. */
const largestChange = 0.4;

/**
 * Finds the name that somebody most likely meant.
 *
 * @param wanted - what was typed
 * @param names - what there is
 * @returns the name with the fewest changed, missing or added characters; null when none is near
 * @example
 * ```ts
 * closest("helo", ["goodbye", "hello"]); // "hello"
 * ```
 */
export function closest(wanted: string, names: readonly string[]): string | null {
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const name of names) {
    const distance = editDistance(wanted, name);
    if (distance > Math.max(wanted.length, name.length) * largestChange) continue;
    if (best === null || distance < best.distance) best = { name, distance };
  }
  return best?.name ?? null;
}

/** Levenshtein's: a row for each character of `from`, of which only the last one is kept. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const replaced = (above[column - 1] ?? 0) + (isSame ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[to.length] ?? 0;
}
