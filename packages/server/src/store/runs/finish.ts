import type { RunError } from "@pawl/contract/errors";
import { noteHooks } from "./end-hooks.ts";
import { wakeFreedLanesOf } from "./lane-wake.ts";

/** Whether a row of `ended` made way for others: it held a slot under a limit, or others of its key waited behind it. */
const madeWay = "(booked_at is not null and is_limited or keeps_place)";

/** How a run ends that somebody cancelled. */
export const cancelled: RunError = {
  type: "INTERNAL_ERROR",
  code: "TASK_RUN_CANCELLED",
  message: "The run was cancelled.",
};

/**
 * The common table expression `noted`, of one row: it leaves word of finished runs that somebody may wait for, alone or as part
 * of a batch, to the statements of `completions.ts` later in the same transaction. So those cost nothing where nobody waits. It
 * is part of the statement only if that reads from it.
 *
 * @param source - a common table expression with run_id, is_awaited and awaited_batch_id of the finished runs
 * @returns the SQL
 */
export function noteAwaitedOf(source: string): string {
  return `
    noted as materialized (
      select ${noteEnded("pawl.ended_runs", "run_id", "is_awaited")},
             ${noteEnded("pawl.ended_in", "awaited_batch_id", "awaited_batch_id is not null")}
      from ${source}
      where is_awaited or awaited_batch_id is not null
    )`;
}

/**
 * The common table expression `closing`, of one row: it leaves word of runs whose waits are to be forgotten, as {@link noteAwaitedOf}
 * does of those that somebody waits for.
 *
 * @param source - a common table expression with run_id
 * @returns the SQL
 */
export function noteClosingOf(source: string): string {
  return `
    closing as materialized (
      select ${noteEnded("pawl.closing", "run_id", "true")} from ${source}
    )`;
}

/**
 * The common table expressions that end runs other than well. The last of them, `finished`, returns run_id and has_freed of each
 * run; the statement's own query reads from it, from `noted` and from `hooked`. A run that failed or expired frees its idempotency key, one that was
 * cancelled keeps it.
 *
 * The common table expression `ended` comes before: rows of `live_run`, locked by the same statement, with the columns outcome,
 * error (JSON) and uncalled_hook (see `noteHooks`), and duration_ms as it is at the end. $1 is the environment. Locks: the run rows.
 */
export const finishEnded = `
  gone as (
    delete from live_run l using ended e where l.environment_id = e.environment_id and l.run_id = e.run_id
  ),
  attempted as (
    insert into attempt (environment_id, run_id, number, version_id, started_at, failed_at, error)
    select $1::uuid, run_id, attempt, version_id, attempt_started_at, now(), error
    from ended where attempt_started_at is not null
  ),
  listed as (
    insert into run_failure (environment_id, run_id, task_id, outcome)
    select $1::uuid, run_id, task_id, outcome from ended
  ),
  freed as (${wakeFreedLanesOf("ended", madeWay)}
  ),
  finished as (
    update run r
    set outcome = e.outcome, finished_at = now(), version_id = e.version_id, attempt_count = e.attempt,
        started_at = e.started_at, duration_ms = e.duration_ms, error = e.error
    from ended e
    where r.environment_id = e.environment_id and r.id = e.run_id
    returning r.environment_id, r.id as run_id, r.task_id, r.outcome, r.idempotency_key, r.hook is not null as is_hook, e.uncalled_hook,
              e.version_id as ended_version_id, ${madeWay} as has_freed
  ),
  freed_key as (
    delete from idempotency_key k using finished f
    where f.outcome <> 'canceled' and k.environment_id = f.environment_id and k.task_id = f.task_id and k.key = f.idempotency_key
      and k.run_id = f.run_id
  ),${noteHooks}`;

/**
 * The expression that adds ids to a setting of the transaction, for the statements of `completions.ts`.
 *
 * @param setting - `pawl.ended_runs` for runs, `pawl.ended_in` for batches in which a run has ended or that were sealed, `pawl.closing`
 *   for runs whose waits are forgotten
 * @param id - the expression of an id
 * @param condition - which of the rows
 * @returns the SQL of an aggregate
 */
export function noteEnded(
  setting: "pawl.ended_runs" | "pawl.ended_in" | "pawl.closing",
  id: string,
  condition: string,
): string {
  return `set_config('${setting}', concat_ws(',', nullif(current_setting('${setting}', true), ''),
    string_agg(distinct ${id}::text, ',') filter (where ${condition})), true)`;
}
