import type pg from "pg";
import { benchRole } from "../../system/postgres.ts";
import type { PlacedMoment } from "./chain.ts";

/** What Postgres counted for a statement. */
export interface StatementTime {
  /** As the product calls it; of one that it does not prepare, the beginning of its text. */
  readonly name: string;
  readonly calls: number;
  readonly totalMs: number;
  /** Of its shortest call. */
  readonly shortestMs: number;
}

/** Forgets what Postgres has counted. */
export async function resetStatementTimes(client: pg.Client): Promise<void> {
  await client.query("select pg_stat_statements_reset()");
}

/**
 * Reads what Postgres has counted for statements, those of the bench left out.
 *
 * @param client - the bench's connection
 * @param nameOf - names of texts, from {@link statementNames}
 * @returns the times, the longest first
 */
export async function readStatementTimes(
  client: pg.Client,
  nameOf: ReadonlyMap<string, string>,
): Promise<readonly StatementTime[]> {
  const { rows } = await client.query(
    `select query, sum(calls)::float8 as calls, sum(total_exec_time)::float8 as total, min(min_exec_time)::float8 as shortest
     from pg_stat_statements
     where userid <> (select oid from pg_roles where rolname = $1)
     group by query order by total desc`,
    [benchRole],
  );
  return rows.map(({ query, calls, total, shortest }) => {
    const name = nameOf.get(shapeOf(String(query))) ?? String(query).replace(/\s+/g, " ").trim().slice(0, 40);
    return { name, calls: Number(calls), totalMs: Number(total), shortestMs: Number(shortest) };
  });
}

/**
 * Learns the names of statements from the moments at which they were sent.
 *
 * @param moments - noted in the server
 * @returns the name of each statement by the shape of its text, which is that of the text in `pg_stat_statements`
 */
export function statementNames(moments: readonly PlacedMoment[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { channel, text } of moments) {
    if (channel !== "pawl.statements_sent") continue;
    const statements = JSON.parse(text) as readonly { name: string; text: string }[]; // what the moment is about
    for (const statement of statements) names.set(shapeOf(statement.text), statement.name);
  }
  return names;
}

/** Postgres replaces constants by parameters and shortens lists of them; so they are left out on both sides. */
function shapeOf(text: string): string {
  return text
    .replace(/--[^\n]*/g, "")
    .replace(/\/\*.*?\*\//gs, "")
    .replace(/'[^']*'|\$\d+|\b\d+(\.\d+)?\b|\b(true|false|null)\b/gi, "?")
    .replace(/\bin \([?, ]*\)/g, "in (?)")
    .replace(/[\s-]+/g, "");
}
