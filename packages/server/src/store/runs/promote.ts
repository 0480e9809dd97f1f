import { keyed } from "../by-key.ts";
import type { Statement } from "../db.ts";
import { wakeFreedLanesOf, wakeLanesOf } from "./lane-wake.ts";

/** The most runs that one transaction promotes. */
const promoteSize = 1_000;

/**
 * Queues delayed runs whose time has come; each stands where its time puts it, and one that has not been attempted has the head
 * start of its priority. One that keeps its place stands there, and those of its key are looked at again. Rows that another server promotes are skipped. Locks: the promoted rows.
 *
 * @returns the statement; its rows are the environments of the promoted runs
 */
export function promoteDueRuns(): Statement {
  return {
    name: "runs_promote_due",
    text: `
      with due as (
        select environment_id, run_id from live_run
        where due_at <= now()
        order by due_at limit ${promoteSize}
        for update skip locked
      ),
      queued as (
        update live_run l
        set state = 'queued', due_at = null,
            order_at = case when l.keeps_place then l.claimed_order_at when l.attempt > 0 then l.due_at else l.due_at - (
              select r.priority_s from run r where r.environment_id = l.environment_id and r.id = l.run_id
            ) * interval '1 second' end,
            claimed_order_at = null
        from due d where l.environment_id = d.environment_id and l.run_id = d.run_id
        returning l.environment_id, l.queue_name, l.concurrency_key, l.version_id, l.order_at, l.keeps_place
      ),
      woken as (${wakeLanesOf("queued")}
      ),
      kept as (${wakeFreedLanesOf("queued", "keeps_place")}
      )
      select environment_id from queued`,
    values: [],
  };
}

/** The runs of the environment $1 that wait for a version with their task, and that there is one for. */
const pendingRuns = `
        from version v join task t on t.environment_id = v.environment_id and t.version_id = v.id
        join live_run l on l.environment_id = $1::uuid and l.task_id = t.id
        where v.environment_id = $1::uuid and v.is_current and l.state = 'pending_version'
          and l.order_at is null and l.due_at is null and l.host_id is null`;

/**
 * Queues the runs of an environment that waited for a version with their task, or delays those whose time has not come. Comes
 * after the commit of a registration, and again after the commit of whatever found no task for a run: whichever of the two commits
 * last sees the other. A run whose time or options another call changes meanwhile is locked first, and read then. Locks: the
 * promoted rows, then their run rows.
 *
 * @param environmentId - the environment
 * @returns the statements of one transaction; the rows of the last are the ids of the promoted runs
 */
export function promotePendingRuns(environmentId: string): readonly Statement[] {
  return [lockPendingRuns(environmentId), promoteLocked(environmentId)];
}

function lockPendingRuns(environmentId: string): Statement {
  return {
    name: "runs_lock_pending",
    text: `select l.run_id ${pendingRuns} order by l.run_id for no key update of l`,
    values: [environmentId],
  };
}

function promoteLocked(environmentId: string): Statement {
  return {
    name: "runs_promote_pending",
    text: `
      with pending as materialized (
        select l.run_id, t.queue_name as task_queue, t.ttl_s as task_ttl_s, (t.retry ->> 'maxAttempts')::smallint as task_attempts
        ${pendingRuns}
        order by l.run_id
        for no key update of l
      ),
      settled as materialized (
        select p.run_id, r.max_attempts, r.priority_s, p.task_attempts, coalesce(r.ttl_s, p.task_ttl_s) as ttl_s,
               case when r.queue_name = 'task/' || r.task_id then p.task_queue else r.queue_name end as queue_name,
               r.delay_until, greatest(r.delay_until, now()) as due_at
        from pending p
        cross join lateral (select * from run where run.environment_id = $1::uuid and run.id = p.run_id offset 0) r
      ),
      promoted as (
        update live_run l
        set state = case when s.due_at > now() then 'delayed' else 'queued' end,
            due_at = case when s.due_at > now() then s.due_at end,
            order_at = case when s.due_at > now() then null else now() - s.priority_s * interval '1 second' end,
            queue_name = s.queue_name,
            expires_at = coalesce(l.expires_at, s.due_at + nullif(s.ttl_s, 0) * interval '1 second'),
            max_attempts = coalesce(s.max_attempts, s.task_attempts, l.max_attempts)
        from ${keyed("settled")} s
        where l.environment_id = s.environment_id and l.run_id = s.run_id
        returning l.*, s.ttl_s
      ),
      queued as (
        select * from promoted where state = 'queued'
      ),
      woken as (${wakeLanesOf("queued")}
      )
      update run r set queue_name = p.queue_name, ttl_s = p.ttl_s
      from promoted p
      where r.environment_id = p.environment_id and r.id = p.run_id
      returning r.id as run_id`,
    values: [environmentId],
  };
}
