import type { RunError } from "@pawl/contract/errors";
import type { Statement } from "../db.ts";

const lostHost: RunError = {
  type: "INTERNAL_ERROR",
  code: "TASK_RUN_STALLED_EXECUTING",
  message: "The worker host that executed this run was lost.",
};

/**
 * Locks hosts whose lease has run out; a host that another server rescues is skipped.
 *
 * @returns the statement; its rows are the ids of the hosts
 */
export function lockLostHosts(): Statement {
  return {
    name: "hosts_lock_lost",
    text: "select id from host where lease_expires_at < now() order by id limit 100 for update skip locked",
    values: [],
  };
}

/**
 * Takes everything from the hosts that {@link lockLostHosts} locked, in the same transaction: a claimed run goes back and has
 * used nothing; an executing run has used its attempt, and is queued again if it has another or else finished. Locks: the
 * live rows in the order of their ids, then the run rows.
 *
 * @returns the statement; its rows are the environment and state of each run, the state null for finished ones
 */
export function rescueRuns(): Statement {
  return {
    name: "runs_rescue",
    text: `
      with lost as materialized (
        select id, environment_id from host where lease_expires_at < now() order by id limit 100 for update skip locked
      ),
      taken as materialized (
        select l.environment_id, l.run_id, l.task_id, l.state = 'claimed' as is_unstarted, l.attempt, l.version_id, l.started_at,
               l.attempt_started_at, l.duration_ms, l.state = 'executing' and l.attempt < l.max_attempts as is_retried
        from lost h
        join live_run l on l.environment_id = h.environment_id and l.host_id = h.id
        order by l.run_id
        for update of l
      ),
      requeued as (
        update live_run l
        set state = 'queued', order_at = coalesce(l.claimed_order_at, now()), claimed_order_at = null, host_id = null,
            attempt_started_at = null, lost_count = l.lost_count + t.is_retried::int,
            version_id = case when l.attempt > 0 then l.version_id end
        from taken t
        where (t.is_unstarted or t.is_retried) and l.environment_id = t.environment_id and l.run_id = t.run_id
        returning l.environment_id, l.state
      ),
      attempted as (
        insert into attempt (environment_id, run_id, number, version_id, started_at, failed_at, error)
        select environment_id, run_id, attempt, version_id, attempt_started_at, now(), $1
        from taken where not is_unstarted
      ),
      gone as (
        delete from live_run l using taken t
        where not (t.is_unstarted or t.is_retried) and l.environment_id = t.environment_id and l.run_id = t.run_id
      ),
      listed as (
        insert into run_failure (environment_id, run_id, task_id, outcome)
        select environment_id, run_id, task_id, 'system_failure' from taken where not (is_unstarted or is_retried)
      ),
      finished as (
        update run r
        set outcome = 'system_failure', finished_at = now(), version_id = t.version_id, attempt_count = t.attempt,
            started_at = t.started_at, duration_ms = t.duration_ms, error = $1
        from taken t
        where not (t.is_unstarted or t.is_retried) and r.environment_id = t.environment_id and r.id = t.run_id
        returning r.environment_id
      ),
      forgotten as (delete from host h using lost where h.id = lost.id)
      select environment_id, state from requeued
      union all
      select environment_id, null from finished`,
    values: [JSON.stringify(lostHost)],
  };
}
