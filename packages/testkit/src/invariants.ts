import type { Database, Rows } from "@pawl/server/store/db";
import { type Invariant, readInvariants } from "@pawl/server/store/invariants";

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
