import { readFile } from "node:fs/promises";
import type { Database, Rows } from "@pawl/server/store/db";

/** A rule that holds for every committed state of the database. */
export interface Invariant {
  readonly title: string;
  /** A query that returns no row while the rule holds. */
  readonly sql: string;
  /** The test that drives the system to where the rule could break, as `file: name`. */
  readonly test: string;
}

const invariantsFile = new URL("../../../INVARIANTS.md", import.meta.url);

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

let invariants: Promise<readonly Invariant[]> | undefined;

/**
 * Finds the rows that break an invariant.
 *
 * @param database - where to look
 * @returns the broken invariants with their first rows
 */
export async function brokenInvariants(
  database: Database,
): Promise<readonly { readonly title: string; readonly rows: Rows }[]> {
  invariants ??= readInvariants();
  const all = await invariants;
  const results = await database.transaction(
    all.map((invariant, index) => ({
      name: `testkit_invariant_${index}`,
      text: `select * from (${invariant.sql}) broken limit 5`,
      values: [],
    })),
  );
  return all
    .map((invariant, index) => ({ title: invariant.title, rows: results[index] ?? [] }))
    .filter((result) => result.rows.length > 0);
}

/**
 * Throws when an invariant is broken.
 *
 * @param database - where to look
 * @param except - titles of invariants to leave out
 * @throws Error that names each broken invariant and its first rows
 */
export async function assertInvariants(database: Database, except: readonly string[] = []): Promise<void> {
  const broken = (await brokenInvariants(database)).filter((result) => !except.includes(result.title));
  if (broken.length === 0) return;
  throw new Error(
    broken.map((result) => `broken: ${result.title}\n${JSON.stringify(result.rows, null, 2)}`).join("\n"),
  );
}
