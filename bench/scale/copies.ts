import { lowestUuidAt } from "@pawl/server/store/partitions";
import type pg from "pg";

/** Which rows to make. */
export interface Copies {
  readonly table: string;
  /** The row that they are copies of; SQL. */
  readonly of: string;
  /** What a copy has of its own: SQL for columns, from `n`, a number that no other copy has, and `t`, the row that is copied. */
  readonly own: Readonly<Record<string, string>>;
  /** The numbers of the copies. */
  readonly from: number;
  readonly to: number;
}

/**
 * Makes copies of a row that the product has made: so they have what such a row has, whatever its columns.
 *
 * @param client - a connection
 * @param copies - which
 */
export async function copyRow(client: pg.ClientBase, { table, of, own, from, to }: Copies): Promise<void> {
  const { rows } = await client.query(
    `select attname as name from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [table],
  );
  const names = rows.map((row) => String(row.name));
  const values = names.map((name) => own[name] ?? `t.${name}`);
  const { rowCount } = await client.query(
    `insert into ${table} (${names.join(", ")})
     select ${values.join(", ")}
     from (select * from ${table} where ${of} limit 1) t cross join generate_series(${from}::bigint, ${to}::bigint) n`,
  );
  const wanted = to - from + 1;
  if (rowCount !== wanted) throw new Error(`${rowCount} copies of a row of ${table} were made instead of ${wanted}.`);
}

/**
 * The SQL of an id of version 7.
 *
 * @param atMs - SQL for the time that it is made at, in milliseconds since 1970
 * @param mark - what tells it from those of another `n` of the same time; three hexadecimal digits
 * @returns an expression of `n`
 */
export function idAt(atMs: string, mark = "000"): string {
  return `(lpad(to_hex(floor(${atMs})::bigint), 12, '0') || '7${mark}8' || lpad(to_hex(n), 15, '0'))::uuid`;
}

/**
 * The bound below the ids of runs that are made from now on.
 *
 * @returns a UUID
 */
export function idFromNow(): string {
  return lowestUuidAt(Date.now());
}
