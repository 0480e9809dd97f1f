import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Database } from "@pawl/server/store/db";
import { readInvariants } from "@pawl/server/store/invariants";
import { withDatabase } from "./database.ts";
import { brokenInvariants } from "./invariants.ts";

const invariants = await readInvariants();

// A stage on which everything holds: a completed, a failed and an executing run, a sealed batch of the completed one.
const stage = `
  insert into version (environment_id, id, label, content_hash, is_current, process_keep_alive)
    select id, 'a0000000-0000-7000-8000-000000000000', '20300101.1', 'hash', true, true from environment;
  insert into task (environment_id, version_id, id, file_path, queue_name, retry)
    select environment_id, id, 'a', 'a.ts', 'task/a', '{}' from version;
  insert into queue (environment_id, name, concurrency_limit) select id, 'task/a', 1 from environment;
  insert into host (id, environment_id, name, lease_expires_at)
    select 'b0000000-0000-7000-8000-000000000000', id, 'host', now() from environment;
  insert into batch (environment_id, id, run_count, sealed_at)
    select id, 'c0000000-0000-7000-8000-000000000000', 1, now() from environment;
  create temp table made as
    select number, ('01a20000-0000-7000-8000-00000000000' || number)::uuid as id from generate_series(1, 3) number;
  insert into run (environment_id, id, task_id, queue_name, payload_type, trace_id, created_at, batch_id, version_id,
                   outcome, finished_at, attempt_count, started_at, error)
    select environment.id, made.id, 'a', 'task/a', 'application/json', 'trace', now(),
           case when number = 1 then 'c0000000-0000-7000-8000-000000000000'::uuid end,
           'a0000000-0000-7000-8000-000000000000',
           case number when 1 then 'completed' when 2 then 'failed' end,
           case when number < 3 then now() end, case when number < 3 then number end,
           case when number < 3 then now() end, case when number = 2 then '{}' end
    from environment, made;
  insert into attempt (environment_id, run_id, number, version_id, started_at, failed_at, error)
    select environment_id, id, number, version_id, now(), now(), '{}' from run, generate_series(1, 2) number
    where outcome = 'failed';
  insert into run_failure (environment_id, run_id, task_id, outcome)
    select environment_id, id, task_id, outcome from run where outcome = 'failed';
  insert into live_run (environment_id, run_id, state, task_id, queue_name, version_id, attempt, max_attempts, host_id,
                        started_at, attempt_started_at)
    select environment_id, id, 'executing', task_id, queue_name, version_id, 1, 1, 'b0000000-0000-7000-8000-000000000000',
           now(), now()
    from run where outcome is null;
  insert into request_key (environment_id, key, run_id, expires_at)
    select environment_id, 'key', id, now() from run where outcome = 'completed';
  insert into batch_item (environment_id, batch_id, index, run_id)
    select environment_id, batch_id, 0, id from run where batch_id is not null;`;

const copyLiveRun = `
  insert into live_run (environment_id, run_id, state, task_id, queue_name, version_id, attempt, max_attempts, host_id,
                        started_at, attempt_started_at)
    select live.environment_id, run.id, live.state, live.task_id, live.queue_name, live.version_id, attempt,
           live.max_attempts, host_id, live.started_at, attempt_started_at
    from live_run live, run where run.outcome = `;

/** For each invariant, a change of the stage that breaks it. */
const breakage: Record<string, string> = {
  "A run has an outcome or a live row, never both": `${copyLiveRun} 'completed'`,
  "A run has an outcome or a live row, never neither": "delete from live_run",
  "A live row belongs to a run": "update live_run set task_id = 'b'",
  "A held run is held by a host of its environment": "delete from host",
  "A held run has a version with its task": "delete from task",
  "A queue holds no more runs than its limit": `${copyLiveRun} 'failed'`,
  "An environment holds no more runs than its limit": "update environment set concurrency_limit = 0",
  "A run starts no more attempts than it may": "update live_run set attempt = 2",
  "A run that waits for its turn has an attempt left":
    "update live_run set state = 'queued', order_at = now(), host_id = null, attempt = 1",
  "Every failed attempt has a row": "delete from attempt where number = 1",
  "Only failed attempts have a row": `
    insert into attempt (environment_id, run_id, number, version_id, started_at, failed_at, error)
    select environment_id, run_id, attempt, version_id, now(), now(), '{}' from live_run`,
  "Runs that ended without success are listed as failures": "update run_failure set outcome = 'crashed'",
  "A run that started has a time of its start": "update run set started_at = null where outcome = 'completed'",
  "A request key leads to its run": "update request_key set run_id = environment_id",
  "A batch item is a run of that batch": "update run set batch_id = null",
  "A sealed batch is complete": "update batch set run_count = 2",
};

async function execute(database: Database, sql: string): Promise<void> {
  const client = await database.connect();
  await client.query(sql);
  await client.end();
}

for (const { title } of invariants) {
  test(`is found broken: ${title}`, async (t) => {
    const { database } = await withDatabase(t, { except: invariants.map((invariant) => invariant.title) });
    await execute(database, stage);
    assert.deepEqual(await brokenInvariants(database), []);
    await execute(database, breakage[title] ?? "");
    assert.ok((await brokenInvariants(database)).some((broken) => broken.title === title));
  });
}

test("every invariant names a test that there is", async () => {
  for (const { title, test: named } of invariants) {
    const [file = "", name = ""] = named.split(": ");
    const code = await readFile(new URL(`../../../${file}`, import.meta.url), "utf8");
    assert.ok(code.includes(`test("${name}"`), `${title}: ${named}`);
  }
});
