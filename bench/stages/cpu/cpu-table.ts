/** One part of a process. */
export interface CpuRow {
  readonly part: string;
  /** Processor time for each run, in microseconds. */
  readonly usPerRun: number;
}

/** A process, or processes of one kind, with its parts, which add up to it. */
export interface CpuOwner {
  readonly name: string;
  readonly usPerRun: number;
  readonly rows: readonly CpuRow[];
}

/** Parts below this share of their process are put together. */
const smallestShare = 0.015;
const rest = "rest";

/**
 * Splits what a process used over its parts.
 *
 * @param name - of the process
 * @param usPerRun - all that it used, in microseconds for each run
 * @param parts - what is known of its parts, in the same unit; what is missing to the whole becomes "rest"
 * @param remainder - the name of what is missing to the whole
 * @returns the process with its parts, the largest first and the small ones put together
 */
export function cpuOwner(name: string, usPerRun: number, parts: readonly CpuRow[], remainder: string): CpuOwner {
  const known = parts.reduce((sum, part) => sum + part.usPerRun, 0);
  const all = [...parts, { part: remainder, usPerRun: usPerRun - known }];
  const isLarge = (row: CpuRow) => row.usPerRun >= usPerRun * smallestShare && row.part !== rest;
  const large = all.filter(isLarge).sort((one, other) => other.usPerRun - one.usPerRun);
  const small = all.filter((row) => !isLarge(row)).reduce((sum, row) => sum + row.usPerRun, 0);
  return { name, usPerRun, rows: [...large, { part: rest, usPerRun: small }] };
}
