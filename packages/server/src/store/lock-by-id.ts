/** Which rows of environment $1 to lock, and how. */
export interface RowsById {
  readonly table: string;
  /** The column of their id. */
  readonly column: string;
  /** The SQL of an array of ids. */
  readonly ids: string;
  /** A further condition on a row, of which the alias is `l`. */
  readonly condition?: string;
  readonly strength: "for share" | "for no key update" | "for update";
}

/**
 * Locks rows in the order of their ids, each found by its key alone. Where a statement asks for `id = any (…)` in the order of the
 * ids, Postgres before 17 has only one of both from an index, and takes the order in plans that were made while the table was small:
 * then it walks over all rows of the environment.
 *
 * @param rows - which, and how
 * @returns the SQL of a query whose rows are the ids of the locked ones
 */
export function lockById({ table, column, ids, condition = "true", strength }: RowsById): string {
  return `
        select locked.id from (select distinct id from unnest(${ids}) as named(id) order by 1) named
        cross join lateral (
          select l.${column} as id from ${table} l
          where l.environment_id = $1::uuid and l.${column} = named.id and ${condition}
          ${strength}
        ) locked`;
}
