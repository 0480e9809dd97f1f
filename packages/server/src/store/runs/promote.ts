import type { Statement } from "../db.ts";

/** The most runs that one transaction promotes. */
const promoteSize = 1_000;

/**
 * Queues delayed runs whose time has come; each stands where its time puts it. Rows that another server promotes are skipped.
 * Locks: the promoted rows.
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
      )
      update live_run l set state = 'queued', order_at = l.due_at, due_at = null
      from due d where l.environment_id = d.environment_id and l.run_id = d.run_id
      returning l.environment_id`,
    values: [],
  };
}

/**
 * Reads when the next delayed run is due. Takes no lock.
 *
 * @returns the statement; its row says in how many milliseconds, or null
 */
export function nextDueRun(): Statement {
  return {
    name: "runs_next_due",
    text: `
      select extract(epoch from due_at - now())::float8 * 1000 as due_in_ms
      from live_run where due_at is not null order by due_at limit 1`,
    values: [],
  };
}

/**
 * Queues the runs of an environment that waited for a version with their task. Comes after the commit of a registration, and
 * again after the commit of a trigger that found no task: whichever of the two commits last sees the other. Locks: the
 * promoted rows, then their run rows.
 *
 * @param environmentId - the environment
 * @returns the statement; its rows are the ids of the promoted runs
 */
export function promotePendingRuns(environmentId: string): Statement {
  return {
    name: "runs_promote_pending",
    text: `
      with promoted as (
        update live_run l
        set state = 'queued', order_at = now(), queue_name = t.queue_name,
            max_attempts = coalesce(
              (select r.max_attempts from run r where r.environment_id = $1::uuid and r.id = l.run_id),
              (t.retry ->> 'maxAttempts')::smallint)
        from version v join task t on t.environment_id = v.environment_id and t.version_id = v.id
        where v.environment_id = $1::uuid and v.is_current
          and l.environment_id = $1::uuid and l.task_id = t.id and l.state = 'pending_version'
          and l.order_at is null and l.due_at is null and l.host_id is null
        returning l.run_id, l.queue_name
      )
      update run r set queue_name = p.queue_name
      from promoted p where r.environment_id = $1::uuid and r.id = p.run_id
      returning r.id as run_id`,
    values: [environmentId],
  };
}
