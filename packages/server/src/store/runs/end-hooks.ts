import { newUuid } from "@pawl/contract/ids";
import { keyed } from "../by-key.ts";
import { plainArray, type Statement } from "../db.ts";
import { wakeLanesOf } from "./lane-wake.ts";

/** The most hook runs that one transaction makes. */
const makeSize = 100;

/** So often a hook is called at most, when its processes die. */
const hookAttempts = 3;

/** The longest that hooks of a run may take, in seconds: the limit of the task is one for its own code. */
const hookMaxDurationS = 300;

/** How long it is remembered which run has called a hook. */
const hooksLife = "7 days";

/**
 * The common table expression `hooked`: notes for ended runs whose hook nobody has called that a run is to be made that does, where their task
 * has such a hook. The note commits with the end. A run that calls a hook has none itself.
 *
 * The common table expression `finished` comes before, with run_id, task_id, ended_version_id, is_hook, and uncalled_hook: `onFailure`,
 * `onCancel`, or null where a process has called it. $1 is the environment.
 */
export const noteHooks = `
  hooked as (
    insert into end_hook (environment_id, run_id, kind)
    select $1::uuid, f.run_id, f.uncalled_hook
    from finished f
    cross join lateral (
      select t.has_failure_hook, t.has_cancel_hook from task t
      where t.environment_id = $1::uuid and t.id = f.task_id and t.version_id = coalesce(f.ended_version_id, (
        select v.id from version v where v.environment_id = $1::uuid and v.is_current))
      offset 0
    ) t
    where f.uncalled_hook is not null and not f.is_hook
      and case f.uncalled_hook when 'onCancel' then t.has_cancel_hook else t.has_failure_hook end
    on conflict do nothing
    returning 1
  )`;

/** Whether a statement with {@link noteHooks} has noted any. */
export const hasHooks = "exists (select from hooked) as has_hooks";

/**
 * Makes the runs that call hooks of ended ones, a page of them: of the same task, queue, key and version, with the same payload; what the
 * hook is told is written with them. Notes that another server makes runs of are skipped. Locks: the notes.
 *
 * @param environmentId - the environment
 * @returns the statement; it has a row for each note
 */
export function makeHookRuns(environmentId: string): Statement {
  return {
    name: "hooks_make_runs",
    text: `
      with noted as materialized (
        select run_id, kind from end_hook
        where hook_run_id is null and environment_id = $1::uuid
        order by created_at limit ${makeSize} for update skip locked
      ),
      named as materialized (
        select run_id, kind, ($2::uuid[])[row_number() over (order by run_id)] as id from noted
      ),
      made as materialized (
        select n.id, n.kind, r.* from named n
        cross join lateral (
          select r.id as ended_id, r.task_id, r.queue_name, r.concurrency_key, r.payload, r.payload_type, r.trace_id, r.is_test,
                 r.version_id, r.machine, r.region,
                 json_strip_nulls(json_build_object(
                   'runId', r.id, 'attempt', coalesce(r.attempt_count, 0), 'error', r.error, 'createdAt', r.created_at,
                   'startedAt', r.started_at, 'tags', coalesce(to_json(r.tags), '[]'::json), 'isReplay', r.replay_of is not null,
                   'parentRunId', r.parent_run_id, 'rootRunId', r.root_run_id, 'batchId', r.batch_id, 'priorityS', r.priority_s,
                   'idempotencyKey', coalesce(r.idempotency_key_source, r.idempotency_key),
                   'idempotencyKeyScope', r.idempotency_key_scope,
                   'metadata', (select m.data from run_metadata m where m.environment_id = $1::uuid and m.run_id = n.run_id)
                 ))::jsonb as about
          from run r where r.environment_id = $1::uuid and r.id = n.run_id offset 0
        ) r
      ),
      marked as (
        update end_hook h set hook_run_id = n.id
        from ${keyed("named")} n where h.environment_id = n.environment_id and h.run_id = n.run_id
      ),
      stored as (
        insert into run (environment_id, id, task_id, queue_name, payload, payload_type, max_attempts, trace_id, is_test, created_at,
                         concurrency_key, max_duration_s, machine, region, is_version_locked, hook)
        select $1::uuid, id, task_id, queue_name, payload, payload_type, ${hookAttempts}, trace_id, is_test, now(), concurrency_key,
               ${hookMaxDurationS}, machine, region, version_id is not null, (about || jsonb_build_object('kind', kind))::text
        from made
      ),
      live as (
        insert into live_run (environment_id, run_id, state, task_id, queue_name, concurrency_key, version_id, max_attempts, order_at)
        select $1::uuid, id, 'queued', task_id, queue_name, concurrency_key, version_id, ${hookAttempts}, now() from made
        returning environment_id, queue_name, concurrency_key, version_id, order_at
      ),
      woken as (${wakeLanesOf("live")}
      )
      select 1 from noted`,
    values: [environmentId, plainArray(Array.from({ length: makeSize }, newUuid))],
  };
}

/**
 * Reads which hook was left to be called when a run had ended, and what became of that. Takes no lock.
 *
 * @param environmentId - the environment
 * @param runId - the run that has ended
 * @returns the statement; a row, or none without such a hook
 */
export function readEndHook(environmentId: string, runId: string): Statement {
  return {
    name: "hooks_read",
    text: `
      select h.kind, h.hook_run_id, r.outcome, r.error
      from end_hook h
      left join run r on r.environment_id = h.environment_id and r.id = h.hook_run_id
      where h.environment_id = $1::uuid and h.run_id = $2::uuid`,
    values: [environmentId, runId],
  };
}

/**
 * Forgets a page of notes whose runs were made long ago. Locks: the deleted rows.
 *
 * @param limit - how many at most
 * @returns the statement; it has a row for each
 */
export function forgetEndHooks(limit: number): Statement {
  return {
    name: "hooks_forget",
    text: `
      with old as (
        select environment_id, run_id from end_hook
        where created_at < now() - interval '${hooksLife}' and hook_run_id is not null
        limit ${limit} for update skip locked
      )
      delete from end_hook h using old where h.environment_id = old.environment_id and h.run_id = old.run_id
      returning 1`,
    values: [],
  };
}
