import pg from "pg";

/** Which row to copy. */
export interface ClonedRow {
  /** With its schema. */
  readonly table: string;
  /** Each copy has a new value of it. */
  readonly idColumn: string;
  /** What tells a row that waits in its queue. */
  readonly isQueued: string;
}

/**
 * Makes a backlog by copies of a queued row that the package has made.
 *
 * @param url - of the database
 * @param row - which row
 * @param count - how many copies
 */
export async function cloneRows(url: string, row: ClonedRow, count: number): Promise<void> {
  const { table, idColumn, isQueued } = row;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // The inner query stays apart (offset 0), so that each copy has an id of its own.
    await client.query(
      `insert into ${table}
       select copy.*
       from (select document || jsonb_build_object('${idColumn}', gen_random_uuid()::text) as document
             from (select to_jsonb(original) as document from ${table} original where ${isQueued} limit 1) one,
                  generate_series(1, ${count})
             offset 0) numbered,
            lateral jsonb_populate_record(null::${table}, numbered.document) copy`,
    );
  } finally {
    await client.end();
  }
}
