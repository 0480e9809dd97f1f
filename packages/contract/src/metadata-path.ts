/** A step into a value: the name of a field, or the place in an array. */
export type PathStep = string | number;

const forbidden = new Set(["__proto__", "constructor", "prototype"]);
const stepForm = /\.([^.[\]]+)|\[(\d{1,4})\]|\["((?:[^"\\]|\\.)+)"\]|\['((?:[^'\\]|\\.)+)'\]/y;

/**
 * Reads the key of a metadata operation: a plain name, or a path such as `$.steps[0].name`.
 *
 * @param key - the key
 * @returns its steps, at least one; null for a path that can't be read, and for names that JavaScript keeps for itself
 * @example
 * ```ts
 * metadataPath("$.steps[0]"); // ["steps", 0]
 * metadataPath("a.b"); // ["a.b"]
 * ```
 */
export function metadataPath(key: string): readonly PathStep[] | null {
  const path = key.startsWith("$.") || key.startsWith("$[") ? readSteps(key) : [key];
  return path === null || path.some((step) => step === "" || forbidden.has(String(step))) ? null : path;
}

function readSteps(key: string): readonly PathStep[] | null {
  const steps: PathStep[] = [];
  stepForm.lastIndex = 1;
  while (stepForm.lastIndex < key.length) {
    const [, name, place, quoted, quotedOnce] = stepForm.exec(key) ?? [];
    if (place !== undefined) steps.push(Number(place));
    else {
      const text = name ?? quoted ?? quotedOnce;
      if (text === undefined) return null;
      steps.push(text.replace(/\\(.)/g, "$1"));
    }
  }
  return steps;
}
