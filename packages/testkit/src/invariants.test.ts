import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Database } from "@pawl/server/store/db";
import { readInvariants } from "@pawl/server/store/invariants";
import { withDatabase } from "./database.ts";
import { brokenInvariants } from "./invariants.ts";

const invariants = await readInvariants();

// A stage on which everything holds: a completed run, alone in a sealed batch; a failed one; one that executes; one that waits for
// it and has waited for the batch; one that waited for a time and takes its slot next; one in the queue, behind its limit.
const stage = `
  insert into version (environment_id, id, label, content_hash, is_current, process_keep_alive)
    select id, 'a0000000-0000-7000-8000-000000000000', '20300101.1', 'hash', true, true from environment;
  insert into task (environment_id, version_id, id, file_path, queue_name, retry)
    select environment_id, id, 'a', 'a.ts', 'task/a', '{}' from version;
  insert into queue (environment_id, name, concurrency_limit, combined_limit) select id, 'task/a', 1, 1 from environment;
  insert into lane (environment_id, queue_name, concurrency_key, version_id, standing, head_at, served_at)
    select environment_id, name, '', '00000000-0000-0000-0000-000000000000', 'at_limit', now(), now() from queue;
  insert into dispatch (environment_id, updated_at) select id, now() from environment;
  insert into host (id, environment_id, name, lease_expires_at)
    select 'b0000000-0000-7000-8000-000000000000', id, 'host', now() from environment;
  insert into batch (environment_id, id, run_count, sealed_at, is_awaited)
    select id, 'c0000000-0000-7000-8000-000000000000', 1, now(), true from environment;
  create temp table made as
    select number, ('01a20000-0000-7000-8000-00000000000' || number)::uuid as id from generate_series(1, 6) number;
  insert into run (environment_id, id, task_id, queue_name, payload_type, trace_id, created_at, batch_id, version_id,
                   outcome, finished_at, attempt_count, started_at, error, idempotency_key)
    select environment.id, made.id, 'a', 'task/a', 'application/json', 'trace', now(),
           case when number = 1 then 'c0000000-0000-7000-8000-000000000000'::uuid end,
           'a0000000-0000-7000-8000-000000000000',
           case number when 1 then 'completed' when 2 then 'failed' end,
           case when number < 3 then now() end, case when number < 3 then number end,
           case when number < 3 then now() end, case when number = 2 then '{}' end, case when number = 1 then 'key' end
    from environment, made;
  insert into attempt (environment_id, run_id, number, version_id, started_at, failed_at, error)
    select environment_id, id, number, version_id, now(), now(), '{}' from run, generate_series(1, 2) number
    where outcome = 'failed';
  insert into run_failure (environment_id, run_id, task_id, outcome)
    select environment_id, id, task_id, outcome from run where outcome = 'failed';
  insert into live_run (environment_id, run_id, state, task_id, queue_name, version_id, attempt, max_attempts, host_id,
                        started_at, attempt_started_at, holds_slot, booked_at, is_awaited)
    select environment_id, run.id, case number when 3 then 'executing' when 4 then 'waiting' else 'resuming' end, task_id,
           queue_name, version_id, 1, 1, 'b0000000-0000-7000-8000-000000000000', now(), now(), number = 3,
           case when number <> 4 then now() end, number = 3
    from run join made using (id) where number between 3 and 5;
  insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at)
    select environment_id, run.id, 'queued', task_id, queue_name, 1, now() from run join made using (id) where number = 6;
  insert into waitpoint (environment_id, id, kind, completed_at)
    select environment_id, id, 'batch', now() from batch
    union all
    select environment_id, run.id, 'run', null from run join made using (id) where number = 3
    union all
    select id, 'd0000000-0000-7000-8000-000000000000', 'time', now() from environment;
  insert into run_wait (environment_id, run_id, key, waitpoint_id, is_awaited)
    select waitpoint.environment_id, made.id, waitpoint.kind || '#1', waitpoint.id, waitpoint.kind <> 'batch'
    from waitpoint join made on number = case waitpoint.kind when 'time' then 5 else 4 end;
  insert into request_key (environment_id, key, run_id, expires_at)
    select environment_id, 'key', id, now() from run where outcome = 'completed';
  insert into idempotency_key (environment_id, task_id, key, run_id, expires_at)
    select environment_id, task_id, 'key', id, now() from run where outcome = 'completed';
  insert into batch_item (environment_id, batch_id, index, run_id)
    select environment_id, batch_id, 0, id from run where batch_id is not null;`;

const copyLiveRun = `
  insert into live_run (environment_id, run_id, state, task_id, queue_name, version_id, attempt, max_attempts, host_id,
                        started_at, attempt_started_at, holds_slot, booked_at)
    select live.environment_id, run.id, live.state, live.task_id, live.queue_name, live.version_id, attempt,
           live.max_attempts, host_id, live.started_at, attempt_started_at, holds_slot, booked_at
    from live_run live, run where live.state = 'executing' and run.outcome = `;

/** For each invariant, a change of the stage that breaks it. */
const breakage: Record<string, string> = {
  "A run has an outcome or a live row, never both": `${copyLiveRun} 'completed'`,
  "A run has an outcome or a live row, never neither": "delete from live_run",
  "A live row belongs to a run": "update live_run set task_id = 'b'",
  "A held run is held by a host of its environment": "delete from host",
  "A held run has a version with its task": "delete from task",
  "A queue holds no more runs of one key than its limit": `${copyLiveRun} 'failed'`,
  "A queue holds no more runs than the limit of all its keys together": "update queue set combined_limit = 0",
  "An environment holds no more runs than its limit": "update environment set concurrency_limit = 0",
  "No slot is held since before a claim begins to count":
    "update dispatch set booked_from = now() + interval '1 minute'",
  "A run that is queued stands in a lane, or the next claim is told": "update lane set standing = 'empty'",
  "A lane is closed for a limit only while the limit is reached, or the next claim is told":
    "update queue set limit_override = 9",
  "A lane is closed for a rate only where there is one": "update lane set standing = 'at_rate', opens_at = now()",
  "A bucket has one row": `
    insert into rate_bucket (environment_id, queue_name, is_combined, concurrency_key, full_at)
      select environment_id, name, false, '', now() from queue, generate_series(1, 2)`,
  "A run starts no more attempts than it may": "update live_run set attempt = 2",
  "A run that waits for its turn has an attempt left": "update live_run set attempt = 1 where state = 'queued'",
  "Every failed attempt has a row": "delete from attempt where number = 1",
  "Only failed attempts have a row": `
    insert into attempt (environment_id, run_id, number, version_id, started_at, failed_at, error)
    select environment_id, run_id, attempt, version_id, now(), now(), '{}' from live_run where state = 'executing'`,
  "Runs that ended without success are listed as failures": "update run_failure set outcome = 'crashed'",
  "A run that started has a time of its start": "update run set started_at = null where outcome = 'completed'",
  "Only a run that has not started can expire": "update live_run set expires_at = now()",
  "A run is cancelling when it was asked to end, and only then": "update live_run set is_cancel_requested = true",
  "A request key leads to its run": "update request_key set run_id = environment_id",
  "An idempotency key leads to a run of its task that has neither failed nor expired":
    "update idempotency_key set run_id = (select id from run where outcome = 'failed')",
  "A debounce key leads to a run of its task": `
    insert into debounce (environment_id, task_id, key, run_id)
      select environment_id, 'b', 'key', run_id from live_run where state = 'executing'`,
  "A run of a schedule is that of one of its fires":
    "update run set schedule_id = environment_id where attempt_count = 1",
  "A schedule that can fire has a time at which a server looks at it": `
    update environment set type = 'PRODUCTION';
    insert into schedule (environment_id, id, type, task_id, cron, timezone, next_at)
      select environment_id, run_id, 'declarative', 'a', '* * * * *', 'UTC', now() from live_run where state = 'executing'`,
  "The chunks of a stream are numbered from 0 without a gap": `
    insert into stream (environment_id, run_id, is_input, key, id, chunk_count)
      select environment_id, run_id, false, 'a', run_id, 1 from live_run where state = 'executing'`,
  "Who waits for a record of an input stream does not wait once it is there": `
    insert into stream (environment_id, run_id, is_input, key, id, chunk_count)
      select environment_id, run_id, true, 'a', run_id, 1 from live_run where state = 'executing';
    create table stream_chunk_of_test partition of stream_chunk default;
    insert into stream_chunk (environment_id, stream_id, seq, at, data) select environment_id, id, 0, now(), '' from stream;
    insert into waitpoint (environment_id, id, kind, input_stream_id, input_seq)
      select environment_id, gen_random_uuid(), 'token', id, 0 from stream`,
  "A bulk action counts what was noted of its runs": `
    insert into bulk_action (environment_id, id, action, last_run_id, total, due_at)
      select environment_id, run_id, 'cancel', run_id, 1, now() from live_run where state = 'executing'`,
  "A bulk action makes one run of each": "update run set bulk_action_id = environment_id",
  "A wait leads to a waitpoint, and is of a run that has not finished": "delete from waitpoint where kind = 'batch'",
  "A waiting run awaits a wait, and none that is over": "update run_wait set is_awaited = false",
  "A resuming run has a wait that is over": "update waitpoint set completed_at = null where kind = 'time'",
  "The waitpoint of a run is completed when the run has ended, and only then": "update live_run set is_awaited = false",
  "The waitpoint of a batch is completed when nothing of the batch is to come, and only then":
    "update waitpoint set completed_at = null where kind = 'batch'",
  "A batch item is a run of that batch": "update run set batch_id = null, idempotency_key = null",
  "A hook is called after the end of its run, by one run": `
    insert into end_hook (environment_id, run_id, kind) select environment_id, id, 'onFailure' from run where outcome = 'completed'`,
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
    const [file, name] = [named.slice(0, named.indexOf(": ")), named.slice(named.indexOf(": ") + 2)];
    const code = await readFile(new URL(`../../../${file}`, import.meta.url), "utf8");
    assert.ok(code.includes(`test("${name}"`), `${title}: ${named}`);
  }
});
