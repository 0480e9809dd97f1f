import type { Failure } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";

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
      with failed as materialized (
        select l.run_id, l.task_id, l.attempt, l.version_id, l.started_at, l.attempt_started_at,
               l.duration_ms + i.duration_ms as duration_ms, i.error, i.outcome, i.retry_delay_ms,
               i.retry_delay_ms is not null and l.attempt < l.max_attempts and l.state = 'executing' as is_retried
        from live_run l
        join unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::float8[], $8::float8[])
          as i(run_id, fence, error, outcome, duration_ms, retry_delay_ms)
          on l.environment_id = $1::uuid and l.run_id = i.run_id and l.fence = i.fence
        where l.host_id = $2::uuid and l.state in ('executing', 'cancelling')
        order by l.run_id
        for update of l
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
        where f.is_retried and l.environment_id = $1::uuid and l.run_id = f.run_id
        returning l.run_id, l.state, f.retry_delay_ms as due_in_ms
      ),
      gone as (
        delete from live_run l using failed f
        where not f.is_retried and l.environment_id = $1::uuid and l.run_id = f.run_id
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
        where not f.is_retried and r.environment_id = $1::uuid and r.id = f.run_id
        returning r.id
      )
      select run_id, state, due_in_ms from retried
      union all
      select id, null, null from finished`,
    values: [
      environmentId,
      hostId,
      plainArray(failures.map((failure) => failure.runId)),
      plainArray(failures.map((failure) => failure.fence)),
      textArray(failures.map((failure) => JSON.stringify(failure.error))),
      textArray(failures.map((failure) => failure.outcome)),
      plainArray(failures.map((failure) => failure.durationMs)),
      plainArray(failures.map((failure) => failure.retryDelayMs)),
    ],
  };
}
