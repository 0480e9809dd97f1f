import pg from "pg";

/**
 * Makes a backlog by copies of one row that the package has made.
 *
 * @param url - of the database
 * @param table - with its schema
 * @param idColumn - which each copy has a new value of
 * @param count - how many copies
 */
export async function cloneRows(url: string, table: string, idColumn: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `insert into ${table}
       select copy.*
       from (select to_jsonb(original) as document from ${table} original limit 1) one,
            generate_series(1, ${count}),
            lateral jsonb_populate_record(
              null::${table}, one.document || jsonb_build_object('${idColumn}', gen_random_uuid()::text)) copy`,
    );
  } finally {
    await client.end();
  }
}
