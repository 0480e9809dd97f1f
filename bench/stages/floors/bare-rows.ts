import { randomUUID } from "node:crypto";
import pg from "pg";

/** Rows of runs in bare tables: no limits, no history of attempts, no wake-ups, one statement for each transition. */
export interface BareRows {
  /** Inserts a run that is claimed already, in one statement, which is committed. @returns its id */
  insertClaimed(): Promise<string>;
  /** Claims queued runs that come after those it claimed before. @returns their ids */
  claim(count: number): Promise<readonly string[]>;
  /** Ends runs: their rows among the live ones go, and those of the runs get outcome and output. */
  settle(ids: readonly string[]): Promise<void>;
  /** Queues runs, and tidies the tables up. */
  queue(count: number): Promise<void>;
  close(): Promise<void>;
}

const schema = `
  drop table if exists bare_run, bare_live;
  create table bare_run (
    id uuid primary key, task_id text not null, queue_name text not null, payload text, payload_type text, trace_id text,
    created_at timestamptz not null, started_at timestamptz, finished_at timestamptz, outcome text, output text, output_type text
  ) with (fillfactor = 70);
  create table bare_live (
    run_id uuid primary key, state text not null, task_id text not null, queue_name text not null,
    place bigint generated always as identity, is_queued boolean not null, host_id uuid, fence int not null default 0, started_at timestamptz
  ) with (fillfactor = 50);
  create index bare_live_place on bare_live (place) where is_queued;`;

const insertText = `
  with made as (
    insert into bare_run (id, task_id, queue_name, payload, payload_type, trace_id, created_at)
    select id, 'bench.noop', 'task/bench.noop', '{"json":{"n":1}}', 'application/super+json', md5(id::text), now()
    from unnest($1::uuid[]) as i(id) returning id, task_id, queue_name
  )
  insert into bare_live (run_id, state, task_id, queue_name, is_queued, host_id, started_at)
  select id, case when $2::uuid is null then 'queued' else 'executing' end, task_id, queue_name, $2::uuid is null, $2::uuid,
         case when $2::uuid is not null then now() end
  from made order by id`;

const claimText = `
  with picked as (
    select run_id from bare_live where is_queued and place > $3 order by place limit $1 for update skip locked
  ),
  claimed as (
    update bare_live l set state = 'executing', is_queued = false, host_id = $2, fence = fence + 1, started_at = now()
    from picked p where l.run_id = p.run_id returning l.run_id, l.place, l.fence
  )
  select c.run_id, c.place, c.fence, r.task_id, r.payload, r.payload_type, r.trace_id, r.created_at
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
  let lastPlace = 0;
  const insert = async (ids: readonly string[], claimedBy: string | null) => {
    await client.query({ name: "bare_insert", text: insertText, values: [ids, claimedBy] });
  };
  return {
    async insertClaimed() {
      const id = randomUUID();
      await insert([id], hostId);
      return id;
    },
    async claim(count) {
      const { rows } = await client.query({ name: "bare_claim", text: claimText, values: [count, hostId, lastPlace] });
      lastPlace = Math.max(lastPlace, ...rows.map(({ place }) => Number(place)));
      return rows.map(({ run_id }) => String(run_id));
    },
    async settle(ids) {
      await client.query({ name: "bare_settle", text: settleText, values: [ids, hostId] });
    },
    async queue(count) {
      for (let made = 0; made < count; made += 1_000) {
        const ids = Array.from({ length: Math.min(1_000, count - made) }, () => randomUUID());
        await insert(ids, null);
      }
      await client.query("vacuum analyze bare_run");
      await client.query("vacuum analyze bare_live");
    },
    close: () => client.end(),
  };
}
