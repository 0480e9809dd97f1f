import { badRequest } from "../errors/bad-request.ts";

/** The names of a type's options, each once, so that the compiler says when one is missing. */
export type OptionNames<TOptions> = Readonly<Record<keyof TOptions, true>>;

/**
 * Finds an option that a call does not have, as a misspelt one, which would be ignored without a word.
 *
 * @param given - the options as they were written
 * @param known - the names that there are
 * @returns a sentence that goes on after the name of the call, such as `has no option "cronn". Did you mean "cron"?`; null when all are known
 * @example
 * ```ts
 * unknownOption({ dely: "1h" }, { delay: true, ttl: true }); // 'has no option "dely". Did you mean "delay"?'
 * ```
 */
export function unknownOption(given: unknown, known: Readonly<Record<string, true>>): string | null {
  if (typeof given !== "object" || given === null) return null;
  const name = Object.keys(given).find((key) => !Object.hasOwn(known, key));
  if (name === undefined) return null;
  const meant = closest(name, Object.keys(known));
  const hint = meant === null ? `It has ${Object.keys(known).join(", ")}.` : `Did you mean "${meant}"?`;
  return `has no option "${name}". ${hint}`;
}

/**
 * Refuses options that a call does not have.
 *
 * @param callName - the call, for the message
 * @param given - the options as they were written
 * @param known - the names that there are
 * @throws BadRequestError that names the option, and the one that may be meant; also when the options are no object
 * @example
 * ```ts
 * checkOptionNames("schedules.create", { task: "t", cronn: "* * * * *" }, { task: true, cron: true });
 * ```
 */
export function checkOptionNames(callName: string, given: unknown, known: Readonly<Record<string, true>>): void {
  if (given === undefined) return;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw badRequest("options", `${callName} takes its options as an object, such as { ${Object.keys(known)[0]}: … }.`);
  }
  const problem = unknownOption(given, known);
  if (problem !== null) throw badRequest(nameIn(problem), `${callName} ${problem}`);
}

function nameIn(problem: string): string {
  return /"([^"]*)"/.exec(problem)?.[1] ?? "options";
}

/** The name that takes the fewest changes, if they are few for its length, or that begins alike; capitals count for nothing. */
function closest(name: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let fewest = Math.floor(name.length / 3) + 1;
  for (const candidate of known) {
    const distance = changesBetween(name.toLowerCase(), candidate.toLowerCase());
    if (distance >= fewest + (isAnotherForm(name, candidate) ? 1 : 0)) continue;
    best = candidate;
    fewest = distance;
  }
  return best;
}

/** Whether all but the end is the same, as in "retries" and "retry". */
function isAnotherForm(name: string, candidate: string): boolean {
  const stem = candidate.slice(0, -1).toLowerCase();
  return stem.length >= 4 && name.toLowerCase().startsWith(stem);
}

/** How many letters have to be added, taken away or changed; two that have changed places count once. */
function changesBetween(from: string, to: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swap = isSwapped ? (before[j - 2] ?? 0) + 1 : change;
      next.push(Math.min(change, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
