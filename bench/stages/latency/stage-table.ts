import { median } from "../../measures/statistics.ts";

/** One line of a table of stages, in milliseconds. */
export interface StageRow {
  readonly stage: string;
  readonly p50Ms: number;
  readonly meanMs: number;
  /** The mean of what Postgres says that its statements took; null: no stage of Postgres. */
  readonly inPostgresMs: number | null;
}

/** Where the time of a way goes: the means of the rows add up to the whole's. */
export interface StageTable {
  readonly rows: readonly StageRow[];
  readonly whole: { readonly p50Ms: number; readonly meanMs: number };
  readonly samples: number;
  /** Samples that were left out, since a moment of theirs was not found. */
  readonly incomplete: number;
}

/**
 * Puts the passages of a way together.
 *
 * @param stages - the name of each stage
 * @param passages - for each sample the length of every stage in milliseconds; null: incomplete
 * @param inPostgres - what Postgres says that the statements of a stage took in the mean, by the number of the stage
 * @returns the table
 * @throws Error when no sample, or less than nine in ten, is complete
 */
export function stageTable(
  stages: readonly string[],
  passages: readonly (readonly number[] | null)[],
  inPostgres: ReadonlyMap<number, number> = new Map(),
): StageTable {
  const complete = passages.filter((lengths) => lengths !== null);
  if (complete.length < Math.max(1, passages.length * 0.9)) {
    throw new Error(`Only ${complete.length} of ${passages.length} samples have all their moments.`);
  }
  const rows = stages.map((stage, index) => {
    const lengths = complete.map((passage) => passage[index] ?? 0);
    return { stage, p50Ms: median(lengths), meanMs: mean(lengths), inPostgresMs: inPostgres.get(index) ?? null };
  });
  const wholes = complete.map((lengths) => lengths.reduce((sum, length) => sum + length, 0));
  return {
    rows: rows.filter(({ meanMs }) => meanMs > 0), // no sample went through the others
    whole: { p50Ms: median(wholes), meanMs: mean(wholes) },
    samples: complete.length,
    incomplete: passages.length - complete.length,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
