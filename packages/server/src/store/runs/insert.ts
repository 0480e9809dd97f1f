import type { NewRun, TriggerOutcome } from "../../engine/ports.ts";
import { type Database, plainArray, type Rows, type Statement, textArray } from "../db.ts";

/** How long a client's request key is remembered. */
const requestKeyLife = "1 day";

/**
 * Makes runs with their request keys and batch items. A run whose request key or batch place is taken is left out, and not
 * returned: the insert of the key waits for the transaction that holds it, so that one of two equal calls wins.
 * A run whose task is in the current version is queued, another waits for a version. Locks: the keys it inserts.
 *
 * @param runs - runs of any environments
 * @returns the statement; its rows are the ids of the runs made
 */
export function insertRuns(runs: readonly NewRun[]): Statement {
  return {
    name: "runs_insert",
    text: `
      with input as (
        select *
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::text[], $8::boolean[],
                    $9::text[], $10::text[], $11::uuid[], $12::int[])
          as i(environment_id, id, task_id, payload, payload_type, max_attempts, trace_id, is_test, tags, request_key,
               batch_id, batch_index)
      ),
      keyed as (
        insert into request_key (environment_id, key, run_id, expires_at)
        select environment_id, request_key, id, now() + interval '${requestKeyLife}' from input where request_key is not null
        on conflict do nothing
        returning run_id
      ),
      placed as (
        insert into batch_item (environment_id, batch_id, index, run_id)
        select environment_id, batch_id, batch_index, id from input where batch_id is not null
        on conflict do nothing
        returning run_id
      ),
      accepted as materialized (
        select i.*, t.queue_name, (t.retry ->> 'maxAttempts')::smallint as task_max_attempts
        from input i
        left join version v on v.environment_id = i.environment_id and v.is_current
        left join task t on t.environment_id = i.environment_id and t.version_id = v.id and t.id = i.task_id
        where (i.request_key is null or i.id in (select run_id from keyed))
          and (i.batch_id is null or i.id in (select run_id from placed))
      ),
      stored as (
        insert into run (environment_id, id, task_id, queue_name, payload, payload_type, max_attempts, trace_id, is_test, tags,
                         batch_id, created_at)
        select environment_id, id, task_id, coalesce(queue_name, 'task/' || task_id), payload, payload_type, max_attempts,
               trace_id, is_test, tags::text[], batch_id, now()
        from accepted
      )
      insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at)
      select environment_id, id, case when queue_name is null then 'pending_version' else 'queued' end, task_id,
             coalesce(queue_name, 'task/' || task_id), coalesce(max_attempts, task_max_attempts, 3),
             case when queue_name is not null then now() end
      from accepted
      returning run_id, state`,
    values: [
      plainArray(runs.map((run) => run.environmentId)),
      plainArray(runs.map((run) => run.id)),
      textArray(runs.map((run) => run.taskId)),
      textArray(runs.map((run) => run.payload)),
      textArray(runs.map((run) => run.payloadType)),
      plainArray(runs.map((run) => run.maxAttempts)),
      plainArray(runs.map((run) => run.traceId)),
      plainArray(runs.map((run) => run.isTest)),
      textArray(runs.map((run) => (run.tags.length === 0 ? null : textArray(run.tags)))),
      textArray(runs.map((run) => run.requestKey)),
      plainArray(runs.map((run) => run.batchId)),
      plainArray(runs.map((run) => run.batchIndex)),
    ],
  };
}

/**
 * Tells what became of runs, given the rows of {@link insertRuns}: those left out are looked up by their key or place.
 *
 * @param db - the database
 * @param runs - the runs that were given to the insert
 * @param rows - its rows
 * @returns an outcome for each run, in order, and whether any of them waits for a version
 */
export async function insertOutcomes(
  db: Database,
  runs: readonly NewRun[],
  rows: Rows,
): Promise<{ readonly outcomes: readonly TriggerOutcome[]; readonly pendingEnvironmentIds: readonly string[] }> {
  const pending = new Set(rows.filter((row) => row.state === "pending_version").map((row) => row.run_id));
  const pendingEnvironmentIds =
    pending.size === 0 ? [] : [...new Set(runs.filter((run) => pending.has(run.id)).map((run) => run.environmentId))];
  if (rows.length === runs.length) {
    return { outcomes: runs.map((run) => ({ kind: "created", runId: run.id })), pendingEnvironmentIds };
  }
  const made = new Set(rows.map((row) => String(row.run_id)));
  const missing = runs.filter((run) => !made.has(run.id));
  const found = await db.query(findTaken(missing));
  const runIdOf = new Map(found.map((row) => [String(row.id), String(row.run_id)]));
  const outcomes = runs.map((run): TriggerOutcome => {
    if (made.has(run.id)) return { kind: "created", runId: run.id };
    const runId = runIdOf.get(run.id);
    if (runId === undefined) throw new Error(`Run ${run.id} was not made and no earlier run has its key.`);
    return { kind: "found", runId };
  });
  return { outcomes, pendingEnvironmentIds };
}

/** Reads the runs that hold the request keys or batch places of others. Takes no lock. */
function findTaken(runs: readonly NewRun[]): Statement {
  return {
    name: "runs_find_taken",
    text: `
      select i.id, coalesce(k.run_id, b.run_id) as run_id
      from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::int[])
        as i(environment_id, id, request_key, batch_id, batch_index)
      left join request_key k on k.environment_id = i.environment_id and k.key = i.request_key
      left join batch_item b on b.environment_id = i.environment_id and b.batch_id = i.batch_id and b.index = i.batch_index
      where coalesce(k.run_id, b.run_id) is not null`,
    values: [
      plainArray(runs.map((run) => run.environmentId)),
      plainArray(runs.map((run) => run.id)),
      textArray(runs.map((run) => run.requestKey)),
      plainArray(runs.map((run) => run.batchId)),
      plainArray(runs.map((run) => run.batchIndex)),
    ],
  };
}
