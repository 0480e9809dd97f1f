import type pg from "pg";

/** What a bare loop sends to Postgres, in arrays of ids; each is a transaction of its own. */
export interface BareStatements {
  /** Makes what has to be there. */
  prepare(pool: pg.Pool): Promise<void>;
  /** Inserts the rows of jobs. */
  insert(pool: pg.Pool, numbers: readonly number[]): Promise<unknown>;
  /** Takes the first that nobody else takes. */
  claim(pool: pg.Pool, count: number): Promise<readonly ClaimedRow[]>;
  finish(pool: pg.Pool, ids: readonly string[]): Promise<unknown>;
  isDrained(pool: pg.Pool): Promise<boolean>;
}

/** A row that was claimed. */
export interface ClaimedRow {
  readonly id: string;
  /** The number of the job; 0 where its rows have no place for it. */
  readonly n: number;
}

/** One narrow table of its own: a row for each job, which is updated twice and stays. */
export const ownTable: BareStatements = {
  async prepare(pool) {
    await pool.query(
      `create table if not exists job (
         id bigint generated always as identity primary key, n int not null, state smallint not null default 0)`,
    );
    await pool.query("create index if not exists job_queued on job (id) where state = 0");
  },
  insert: (pool, numbers) =>
    pool.query({ name: "insert", text: "insert into job (n) select unnest($1::int[])", values: [numbers] }),
  async claim(pool, count) {
    const { rows } = await pool.query({
      name: "claim",
      text: `update job set state = 1
             where id = any (array(
               select id from job where state = 0 order by id limit $1 for update skip locked))
             returning id, n`,
      values: [count],
    });
    return rows;
  },
  finish: (pool, ids) =>
    pool.query({ name: "finish", text: "update job set state = 2 where id = any ($1::bigint[])", values: [ids] }),
  async isDrained(pool) {
    return (await pool.query("select from job where state < 2 limit 1")).rowCount === 0;
  },
};

/**
 * The tables of Pawl, and in them the rows of a no-op run, as they were kept by `stage/pawl-rows.ts`: inserted queued into `run` and
 * `live_run`, updated to what executes, and in the end deleted from the one and updated in the other to what has finished.
 *
 * @param pool - connected to such a database
 * @returns the statements
 */
export async function pawlRows(pool: pg.Pool): Promise<BareStatements> {
  const live = await columnsOf(pool, "live_run");
  const run = await columnsOf(pool, "run");
  const claimed = await changedColumns(pool, "bench_live_queued", "bench_live_executing");
  const finished = await changedColumns(pool, "bench_run_queued", "bench_run_finished");
  const { rows } = await pool.query("select environment_id, queue_name from bench_live_queued");
  const where = [rows[0].environment_id, rows[0].queue_name];
  const inserted = `
    with input as (select unnest($1::uuid[]) as id),
    stored as (
      insert into run (${run.join(", ")})
      select ${run.map((column) => (column === "id" ? "i.id" : `t.${column}`)).join(", ")}
      from input i cross join bench_run_queued t
    )
    insert into live_run (${live.join(", ")})
    select ${live.map((column) => (column === "run_id" ? "i.id" : `t.${column}`)).join(", ")}
    from input i cross join bench_live_queued t`;
  const taken = `
    update live_run l set ${claimed.map((column) => `${column} = t.${column}`).join(", ")}
    from bench_live_executing t
    where l.environment_id = $2::uuid and l.run_id = any (array(
      select q.run_id from live_run q
      where q.environment_id = $2::uuid and q.queue_name = $3 and q.concurrency_key = ''
        and coalesce(q.version_id, '00000000-0000-0000-0000-000000000000'::uuid) = '00000000-0000-0000-0000-000000000000'
        and q.order_at is not null
      order by q.order_at, q.run_id limit $1 for update skip locked))
    returning l.run_id as id, 0 as n`;
  const ended = `
    with gone as (
      delete from live_run l where l.environment_id = $2::uuid and l.run_id = any ($1::uuid[])
      returning l.run_id
    )
    update run r set ${finished.map((column) => `${column} = t.${column}`).join(", ")}
    from gone g cross join bench_run_finished t
    where r.environment_id = $2::uuid and r.id = g.run_id and r.id = any ($1::uuid[])`;
  return {
    prepare: async () => undefined,
    insert: (on, numbers) => on.query({ name: "insert", text: inserted, values: [numbers.map(nextId)] }),
    claim: async (on, count) => (await on.query({ name: "claim", text: taken, values: [count, ...where] })).rows,
    finish: (on, ids) => on.query({ name: "finish", text: ended, values: [ids, where[0]] }),
    isDrained: async (on) => (await on.query("select from live_run limit 1")).rowCount === 0,
  };
}

let lastId = 0;

/** An id of version 7, in the order of the calls. */
function nextId(): string {
  const atMs = Date.now().toString(16).padStart(12, "0");
  const mark = (++lastId).toString(16).padStart(12, "0");
  return `${atMs.slice(0, 8)}-${atMs.slice(8)}-7000-8000-${mark}`;
}

async function columnsOf(pool: pg.Pool, table: string): Promise<readonly string[]> {
  const { rows } = await pool.query(
    `select quote_ident(attname) as name from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [table],
  );
  return rows.map(({ name }) => String(name));
}

/** The columns whose value another state of the same row changes. */
async function changedColumns(pool: pg.Pool, before: string, after: string): Promise<readonly string[]> {
  const { rows } = await pool.query(
    `select quote_ident(b.key) as name
     from (select to_jsonb(t) as row from ${before} t) one, (select to_jsonb(t) as row from ${after} t) other,
          lateral jsonb_each(one.row) b
     where b.value is distinct from other.row -> b.key`,
  );
  return rows.map(({ name }) => String(name));
}
