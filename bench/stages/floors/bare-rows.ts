import { randomUUID } from "node:crypto";
import pg from "pg";

/** Rows of runs in bare tables: no limits, no history of attempts, no wake-ups, one statement for each transition. */
export interface BareRows {
  /** Inserts one run, in one statement, which is committed. */
  insert(): Promise<void>;
  /** Claims queued runs. @returns their ids */
  claim(count: number): Promise<readonly string[]>;
  /** Ends runs: their rows among the live ones go, and those of the runs get outcome and output. */
  settle(ids: readonly string[]): Promise<void>;
  /** Queues many runs at once. */
  fill(count: number): Promise<void>;
  close(): Promise<void>;
}

const schema = `
  drop table if exists bare_run, bare_live;
  create table bare_run (
    id uuid primary key, task_id text not null, queue_name text not null, payload text, payload_type text, trace_id text,
    created_at timestamptz not null, started_at timestamptz, finished_at timestamptz, outcome text, output text, output_type text
  ) with (fillfactor = 70);
  create table bare_live (
    run_id uuid primary key, state text not null, task_id text not null, queue_name text not null, order_at timestamptz,
    host_id uuid, fence int not null default 0, started_at timestamptz
  ) with (fillfactor = 50);
  create index bare_live_order on bare_live (order_at, run_id) where order_at is not null;`;

const insertText = `
  with made as (
    insert into bare_run (id, task_id, queue_name, payload, payload_type, trace_id, created_at)
    select id, 'bench.noop', 'task/bench.noop', '{"json":{"n":1}}', 'application/super+json', md5(id::text), now()
    from unnest($1::uuid[]) as i(id) returning id, task_id, queue_name
  )
  insert into bare_live (run_id, state, task_id, queue_name, order_at)
  select id, 'queued', task_id, queue_name, now() from made`;

const claimText = `
  with picked as (
    select run_id from bare_live where order_at is not null order by order_at, run_id limit $1 for update skip locked
  ),
  claimed as (
    update bare_live l set state = 'executing', order_at = null, host_id = $2, fence = fence + 1, started_at = now()
    from picked p where l.run_id = p.run_id returning l.run_id, l.fence
  )
  select c.run_id, c.fence, r.task_id, r.payload, r.payload_type, r.trace_id, r.created_at
  from claimed c join bare_run r on r.id = c.run_id`;

const settleText = `
  with gone as (
    delete from bare_live where run_id = any ($1::uuid[]) and host_id = $2 and state = 'executing' returning run_id, started_at
  )
  update bare_run r
  set outcome = 'completed', finished_at = now(), started_at = g.started_at, output = '"1"', output_type = 'application/json'
  from gone g where r.id = g.run_id`;

/**
 * Makes the tables, in a database of their own.
 *
 * @param config - how to reach it
 * @returns the transitions, over one connection set as those of the product
 */
export async function openBareRows(config: pg.ClientConfig): Promise<BareRows> {
  const client = new pg.Client(config);
  await client.connect();
  await client.query(schema);
  await client.query("set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off");
  const hostId = randomUUID();
  const insert = async (ids: readonly string[]) => {
    await client.query({ name: "bare_insert", text: insertText, values: [ids] });
  };
  return {
    insert: () => insert([randomUUID()]),
    async claim(count) {
      const { rows } = await client.query({ name: "bare_claim", text: claimText, values: [count, hostId] });
      return rows.map(({ run_id }) => String(run_id));
    },
    async settle(ids) {
      await client.query({ name: "bare_settle", text: settleText, values: [ids, hostId] });
    },
    async fill(count) {
      for (let made = 0; made < count; made += 1_000) await insert(Array.from({ length: 1_000 }, () => randomUUID()));
      await client.query("vacuum analyze bare_run");
      await client.query("vacuum analyze bare_live");
    },
    close: () => client.end(),
  };
}
