// How rows of environment $1 are looked up by their ids: joined by their whole key to a table of keys. A condition with a constant,
// `environment_id = $1 and id = any (…)`, lets Postgres before 17 walk over all rows of the environment and filter them by the ids,
// and it does so in plans that were made while the table was small.

/**
 * Ids as a table of keys, `environment_id` and `id`, each once and in their order.
 *
 * @param ids - the SQL of an array of ids
 * @returns the SQL of a table
 */
export function keysOf(ids: string): string {
  return `(select distinct $1::uuid as environment_id, named.id from unnest(${ids}) as named(id) order by 2)`;
}

/**
 * Rows with ids, with the environment beside them.
 *
 * @param source - a common table expression without a column `environment_id`
 * @returns the SQL of a table
 */
export function keyed(source: string): string {
  return `(select $1::uuid as environment_id, source.* from ${source} source offset 0)`;
}

/** Which rows of environment $1 to lock, and how. */
export interface RowsById {
  readonly table: string;
  /** The column of their id. */
  readonly column: string;
  /** The SQL of an array of ids. */
  readonly ids: string;
  /** A further condition on a row, of which the alias is `l`. */
  readonly condition?: string;
  readonly strength: "for key share" | "for share" | "for no key update" | "for update";
}

/**
 * Locks rows in the order of their ids.
 *
 * @param rows - which, and how
 * @returns the SQL of a query whose rows are the ids of the locked ones
 */
export function lockById({ table, column, ids, condition = "true", strength }: RowsById): string {
  return `
        select l.${column} as id from ${keysOf(ids)} k
        join ${table} l on l.environment_id = k.environment_id and l.${column} = k.id
        where ${condition}
        order by l.${column}
        ${strength} of l`;
}
