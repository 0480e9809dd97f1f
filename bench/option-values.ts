/**
 * Reads the option `--samples`.
 *
 * @param text - as it was given; undefined: it was not
 * @param isQuick - whether one is enough then, instead of three
 * @returns how often to measure
 * @throws Error in one sentence when it is no such number
 */
export function samplesOf(text: string | undefined, isQuick: boolean): number {
  const samples = Number(text ?? (isQuick ? "1" : "3"));
  if (!Number.isInteger(samples) || samples < 1) throw new Error("--samples needs a whole number of at least 1.");
  return samples;
}

/**
 * Finds what an option asks for by names.
 *
 * @param option - its name, such as `--only`
 * @param text - names with commas between them; undefined: all
 * @param names - those that there are
 * @returns the names asked for, in the order of the list
 * @throws Error in one sentence when a name is none of them
 */
export function chosen<Name extends string>(
  option: string,
  text: string | undefined,
  names: readonly Name[],
): readonly Name[] {
  if (text === undefined) return names;
  const asked = text.split(",").map((part) => part.trim());
  const unknown = asked.find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`${option} names "${unknown}", which is none of ${names.join(", ")}.`);
  return names.filter((name) => asked.includes(name));
}
