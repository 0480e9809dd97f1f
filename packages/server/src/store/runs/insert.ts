import type { NewRun, TriggerOutcome } from "../../engine/ports.ts";
import { type Database, isUniqueViolation, plainArray, type Rows, type Statement, textArray } from "../db.ts";

/** How long a client's request key is remembered: well beyond the last of its automatic retries. */
const requestKeyLife = "1 hour";

/**
 * Makes runs with their request keys and batch places. A run whose task is in the current version is queued, another waits for
 * a version. A key or place that is taken fails the whole statement: of two equal calls the later one waits for the
 * transaction of the first. Locks: the keys it inserts.
 *
 * @param runs - runs of any environments
 * @returns the statement; its rows are the environments in which a run waits for a version
 */
export function insertRuns(runs: readonly NewRun[]): Statement {
  return {
    name: "runs_insert",
    text: `
      with input as materialized (
        select i.*, t.queue_name, (t.retry ->> 'maxAttempts')::smallint as task_max_attempts
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::text[], $8::boolean[],
                    $9::text[], $10::text[], $11::uuid[], $12::int[])
          as i(environment_id, id, task_id, payload, payload_type, max_attempts, trace_id, is_test, tags, request_key,
               batch_id, batch_index)
        left join version v on v.environment_id = i.environment_id and v.is_current
        left join task t on t.environment_id = i.environment_id and t.version_id = v.id and t.id = i.task_id
      ),
      keyed as (
        insert into request_key (environment_id, key, run_id, expires_at)
        select environment_id, request_key, id, now() + interval '${requestKeyLife}' from input where request_key is not null
      ),
      placed as (
        insert into batch_item (environment_id, batch_id, index, run_id)
        select environment_id, batch_id, batch_index, id from input where batch_id is not null
      ),
      stored as (
        insert into run (environment_id, id, task_id, queue_name, payload, payload_type, max_attempts, trace_id, is_test, tags,
                         batch_id, created_at)
        select environment_id, id, task_id, coalesce(queue_name, 'task/' || task_id), payload, payload_type, max_attempts,
               trace_id, is_test, tags::text[], batch_id, now()
        from input
      ),
      live as (
        insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at)
        select environment_id, id, case when queue_name is null then 'pending_version' else 'queued' end, task_id,
               coalesce(queue_name, 'task/' || task_id), coalesce(max_attempts, task_max_attempts, 3),
               case when queue_name is not null then now() end
        from input
      )
      select distinct environment_id from input where queue_name is null`,
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
 * Makes runs; those whose request key or batch place is taken are left out, and the run that has it is found instead.
 *
 * @param db - the database
 * @param runs - runs of any environments
 * @param insert - sends {@link insertRuns} for the runs that are to be made, alone or with more in its transaction
 * @returns an outcome for each run in order, and the rows of the insert
 */
export async function insertOrFind(
  db: Database,
  runs: readonly NewRun[],
  insert: (runs: readonly NewRun[]) => Promise<Rows>,
): Promise<{ readonly outcomes: readonly TriggerOutcome[]; readonly rows: Rows }> {
  try {
    const rows = await insert(runs);
    return { outcomes: runs.map((run) => ({ kind: "created", runId: run.id })), rows };
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const found = await findTaken(db, runs);
    const fresh = runs.filter((run) => !found.has(run.id));
    if (fresh.length === runs.length) throw error;
    const rest = fresh.length === 0 ? { outcomes: [], rows: [] } : await insertOrFind(db, fresh, insert);
    const outcomeOf = new Map(fresh.map((run, index) => [run.id, rest.outcomes[index]]));
    const outcomes = runs.map((run): TriggerOutcome => {
      const outcome = outcomeOf.get(run.id);
      if (outcome !== undefined) return outcome;
      return { kind: "found", runId: found.get(run.id) ?? run.id, isCached: false };
    });
    return { outcomes, rows: rest.rows };
  }
}

/** Finds the runs that have the request keys or batch places of others: in the store, or earlier in the same array. */
async function findTaken(db: Database, runs: readonly NewRun[]): Promise<ReadonlyMap<string, string>> {
  const rows = await db.query({
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
  });
  const found = new Map(rows.map((row) => [String(row.id), String(row.run_id)]));
  const firstWith = new Map<string, string>();
  for (const run of runs) {
    if (found.has(run.id)) continue;
    for (const name of [run.requestKey && `key ${run.requestKey}`, run.batchId && `${run.batchId} ${run.batchIndex}`]) {
      if (!name) continue;
      const scoped = `${run.environmentId} ${name}`;
      const first = firstWith.get(scoped);
      if (first === undefined) firstWith.set(scoped, run.id);
      else found.set(run.id, first);
    }
  }
  return found;
}
