import type { Failure } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";
import { claimValues, heldBy } from "./held-by.ts";

/**
 * Records failed attempts. A run with an attempt left, whose error allows one, is queued again or delayed until its next
 * attempt; any other is finished. Locks: the live rows, in the order of their ids, then the run rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param failures - the runs, with their errors
 * @returns the statement; its rows are the runs it changed, with `state` null for finished ones and `due_in_ms` for delayed ones
 */
export function failRuns(environmentId: string, hostId: string, failures: readonly Failure[]): Statement {
  return {
    name: "runs_fail",
    text: `
      with locked as materialized (
        select l.*, array_position($3::uuid[], l.run_id) as place
        from live_run l
        where ${heldBy} and l.state in ('executing', 'cancelling')
        order by l.run_id
        for update
      ),
      failed as materialized (
        select run_id, task_id, attempt, version_id, started_at, attempt_started_at,
               duration_ms + ($7::float8[])[place] as duration_ms, ($5::text[])[place] as error, ($6::text[])[place] as outcome,
               ($8::float8[])[place] as retry_delay_ms,
               ($8::float8[])[place] is not null and attempt < max_attempts and state = 'executing' as is_retried
        from locked
      ),
      attempted as (
        insert into attempt (environment_id, run_id, number, version_id, started_at, failed_at, error)
        select $1::uuid, run_id, attempt, version_id, attempt_started_at, now(), error from failed
      ),
      retried as (
        update live_run l
        set state = case when f.retry_delay_ms > 0 then 'delayed' else 'queued' end,
            due_at = case when f.retry_delay_ms > 0 then now() + f.retry_delay_ms * interval '1 millisecond' end,
            order_at = case when f.retry_delay_ms > 0 then null else now() end,
            host_id = null, attempt_started_at = null, duration_ms = f.duration_ms
        from failed f
        where f.is_retried and l.environment_id = $1::uuid and l.run_id = f.run_id and l.run_id = any ($3::uuid[])
        returning l.run_id, l.state, nullif(f.retry_delay_ms, 0) as due_in_ms
      ),
      gone as (
        delete from live_run l using failed f
        where not f.is_retried and l.environment_id = $1::uuid and l.run_id = f.run_id and l.run_id = any ($3::uuid[])
      ),
      listed as (
        insert into run_failure (environment_id, run_id, task_id, outcome)
        select $1::uuid, run_id, task_id, outcome from failed where not is_retried
      ),
      finished as (
        update run r
        set outcome = f.outcome, finished_at = now(), version_id = f.version_id, attempt_count = f.attempt,
            started_at = f.started_at, duration_ms = f.duration_ms, error = f.error
        from failed f
        where not f.is_retried and r.environment_id = $1::uuid and r.id = f.run_id and r.id = any ($3::uuid[])
        returning r.id
      )
      select run_id, state, due_in_ms from retried
      union all
      select id, null, null from finished`,
    values: [
      ...claimValues(environmentId, hostId, failures),
      textArray(failures.map((failure) => JSON.stringify(failure.error))),
      textArray(failures.map((failure) => failure.outcome)),
      plainArray(failures.map((failure) => failure.durationMs)),
      plainArray(failures.map((failure) => failure.retryDelayMs)),
    ],
  };
}
