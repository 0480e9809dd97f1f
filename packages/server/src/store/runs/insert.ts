import type { NewRun } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";
import { wakeLanesOf } from "./lane-wake.ts";

/** How long a client's request key is remembered: well beyond the last of its automatic retries. */
export const requestKeyLife = "1 hour";

/**
 * Whether a run asks for nothing but its task, its payload and its place in a batch, as most do: {@link insertRuns} is for these.
 *
 * @param run - the run
 * @returns whether it does
 */
export function isPlain(run: NewRun): boolean {
  return (
    run.triggerFunction === (run.batchId === null ? "trigger" : "batchTrigger") &&
    run.concurrencyKey === "" &&
    run.priorityS === 0 &&
    [
      run.delay,
      run.ttlS,
      run.queueName,
      run.idempotency,
      run.maxDurationS,
      run.metadata,
      run.machine,
      run.region,
      run.lockToVersion,
      run.parent,
      run.replayOf,
      run.fire,
      run.debounce,
      run.bulkActionId,
    ].every((option) => option === null)
  );
}

/**
 * The common table expression `awaited`, of one row with `batch_ids`: which of the batches a run waits for.
 *
 * @param environmentIds - the parameter with the environments of the batches, such as `$13`
 * @param batchIds - the parameter with their ids
 * @returns the SQL
 */
export function awaitedBatches(environmentIds: string, batchIds: string): string {
  return `
      awaited as materialized (
        select array_agg(b.id) as batch_ids from unnest(${environmentIds}::uuid[], ${batchIds}::uuid[]) as named(environment_id, id)
        join batch b on b.environment_id = named.environment_id and b.id = named.id
        where b.is_awaited
      )`;
}

const placeInput = `
      placed as (
        insert into batch_item (environment_id, batch_id, index, run_id)
        select environment_id, batch_id, batch_index, id from input where batch_id is not null
      ),`;

/**
 * The common table expressions that store the runs of `input`, but for their rows in `live_run`.
 *
 * @param areInBatches - whether any of them may be
 * @returns the SQL
 */
export const storeInput = (areInBatches: boolean) => `
      keyed as (
        insert into request_key (environment_id, key, run_id, expires_at)
        select environment_id, request_key, id, now() + interval '${requestKeyLife}' from input where request_key is not null
      ),${areInBatches ? placeInput : ""}
      stored as (
        insert into run (environment_id, id, task_id, queue_name, payload, payload_type, max_attempts, trace_id, is_test, tags,
                         batch_id, created_at, trigger_function, ttl_s)
        select environment_id, id, task_id, coalesce(queue_name, 'task/' || task_id), payload, payload_type, max_attempts,
               trace_id, is_test, tags::text[], batch_id, now(),
               case when batch_id is null then 'trigger' else 'batchTrigger' end, ttl_s
        from input
      )`;

/**
 * The current version of an environment's task, looked up by its key alone.
 *
 * @param environmentId - the environment; SQL
 * @param versionId - the version; SQL
 * @param taskId - the task; SQL
 * @returns the SQL of a lateral subquery
 */
export function taskOf(environmentId: string, versionId: string, taskId: string): string {
  return `(
          select task.id, task.queue_name, task.ttl_s, task.max_duration_s, (task.retry ->> 'maxAttempts')::smallint as max_attempts
          from task where task.environment_id = ${environmentId} and task.version_id = ${versionId} and task.id = ${taskId} offset 0
        )`;
}

/**
 * Makes plain runs with their request keys and batch places. A run whose task is in the current version is queued, another
 * waits for a version. A key or place that is taken fails the whole statement: of two equal calls the later one waits for the
 * transaction of the first. Locks: the keys it inserts.
 *
 * @param runs - runs of any environments, for each of which {@link isPlain} holds
 * @returns the statement; its rows name environments with `is_pending`, whether a run of it waits for a version, and
 *   `next_due_in_ms`, when the first of its runs expires
 */
export function insertRuns(runs: readonly NewRun[]): Statement {
  return {
    name: "runs_insert",
    text: `
      with input as materialized (
        select i.*, t.queue_name, t.max_attempts as task_max_attempts, t.ttl_s
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::text[], $8::boolean[],
                    $9::text[], $10::text[], $11::uuid[], $12::int[])
          as i(environment_id, id, task_id, payload, payload_type, max_attempts, trace_id, is_test, tags, request_key,
               batch_id, batch_index)
        left join version v on v.environment_id = i.environment_id and v.is_current
        left join lateral ${taskOf("i.environment_id", "v.id", "i.task_id")} t on true
      ),
      ${awaitedBatches("$13", "$14")},
      ${storeInput(true)},
      live as (
        insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at, expires_at,
                              awaited_batch_id)
        select environment_id, id, case when queue_name is null then 'pending_version' else 'queued' end, task_id,
               coalesce(queue_name, 'task/' || task_id), coalesce(max_attempts, task_max_attempts, 3),
               case when queue_name is not null then now() end, now() + nullif(ttl_s, 0) * interval '1 second',
               case when batch_id = any ((select batch_ids from awaited)::uuid[]) then batch_id end
        from input
      ),
      queued as (
        select environment_id, queue_name, '' as concurrency_key, null::uuid as version_id, now() as order_at
        from input where queue_name is not null
      ),
      woken as (${wakeLanesOf("queued")}
      )
      select environment_id, bool_or(queue_name is null) as is_pending, min(nullif(ttl_s, 0)) * 1000 as next_due_in_ms
      from input
      where queue_name is null or ttl_s > 0
      group by environment_id`,
    values: [plainArray(runs.map((run) => run.environmentId)), ...valuesOf(runs), ...batchesOf(runs)],
  };
}

/**
 * The arrays of plain runs, from their ids to their places in batches.
 *
 * @param runs - the runs
 * @returns the values of eleven parameters
 */
export function valuesOf(runs: readonly NewRun[]): readonly unknown[] {
  return [
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
  ];
}

/**
 * The batches of plain runs, each once, since hundreds of runs may be of one.
 *
 * @param runs - the runs
 * @returns the values of the two parameters of {@link awaitedBatches}
 */
export function batchesOf(runs: readonly NewRun[]): readonly unknown[] {
  const environmentOf = new Map<string, string>();
  for (const run of runs) if (run.batchId !== null) environmentOf.set(run.batchId, run.environmentId);
  return [plainArray([...environmentOf.values()]), plainArray([...environmentOf.keys()])];
}
