import { readFile } from "node:fs/promises";
import type { InvariantChecker, InvariantResult } from "../engine/read-ports.ts";
import { type Database, isServerError } from "./db.ts";

/** A rule that holds for every committed state of the database. */
export interface Invariant {
  readonly title: string;
  /** A query that returns no row while the rule holds. */
  readonly sql: string;
  /** The test that drives the system to where the rule could break, as `file: name`. */
  readonly test: string;
}

// The one file is at the top of the repository; the build copies it beside what it makes of this module.
const isSource = import.meta.url.endsWith(".ts");
const invariantsFile = new URL(isSource ? "../../../../INVARIANTS.md" : "./INVARIANTS.md", import.meta.url);

/**
 * Reads the invariants out of `INVARIANTS.md`: each is a heading, a sentence, a block of SQL and a line with its test.
 *
 * @returns the invariants, in the order of the file
 */
export async function readInvariants(): Promise<readonly Invariant[]> {
  const sections = (await readFile(invariantsFile, "utf8")).split(/^## /m).slice(1);
  return sections.map((section) => {
    const title = section.slice(0, section.indexOf("\n")).trim();
    const sql = /```sql\n([\s\S]+?)```/.exec(section)?.[1];
    const test = /^Test: `(.+)`$/m.exec(section)?.[1];
    if (sql === undefined || test === undefined) throw new Error(`the invariant "${title}" lacks its SQL or its test`);
    return { title, sql: sql.trim(), test };
  });
}

const defaultTimeoutMs = 5_000;
const shownRows = 5;

/**
 * Runs the invariants on a live system, one after another. They take no lock that anything waits for.
 *
 * @param database - where
 * @param timeoutMs - how long each may take, in milliseconds; default 5,000
 * @param read - gives the invariants
 * @returns the checker
 */
export function createInvariantChecker(
  database: Database,
  timeoutMs: number = defaultTimeoutMs,
  read: () => Promise<readonly Invariant[]> = readInvariants,
): InvariantChecker {
  return {
    async check(environmentId) {
      const results: InvariantResult[] = [];
      for (const [index, invariant] of (await read()).entries()) {
        results.push(await checkOne(database, { name: `invariant_${index}`, timeoutMs, environmentId }, invariant));
      }
      return results;
    },
  };
}

async function checkOne(
  database: Database,
  {
    name,
    timeoutMs,
    environmentId,
  }: { readonly name: string; readonly timeoutMs: number; readonly environmentId: string },
  { title, sql }: Invariant,
): Promise<InvariantResult> {
  const startedAt = performance.now();
  const took = () => performance.now() - startedAt;
  try {
    const [, [row] = []] = await database.transaction([
      {
        name: "invariants_timeout",
        text: `select set_config('statement_timeout', $1, true)`,
        values: [String(timeoutMs)],
      },
      {
        name,
        text: `
          with broken as materialized (select to_jsonb(broken) as row from (${sql}) broken)
          select count(*)::int as count, (array_agg(row))[:${shownRows}] as rows from broken
          where coalesce((row ->> 'environment_id')::uuid = $1::uuid, true)`,
        values: [environmentId],
      },
    ]);
    const count = row?.count as number; // an int column
    const rows = (row?.rows ?? []) as InvariantResult["rows"]; // jsonb objects
    return { title, holds: count === 0, count, rows, durationMs: took(), isTimedOut: false };
  } catch (error) {
    if (!isTimeout(error)) throw error;
    return { title, holds: false, count: 0, rows: [], durationMs: took(), isTimedOut: true };
  }
}

/** SQLSTATE 57014: the statement was cancelled. */
function isTimeout(error: unknown): boolean {
  return isServerError(error) && error instanceof Error && "code" in error && error.code === "57014";
}
