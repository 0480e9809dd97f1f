import { keyed } from "../by-key.ts";
import { type Statement, textArray } from "../db.ts";

/**
 * Closes the lanes of a queue that is paused. Comes after `lockEnvironment` in one transaction.
 *
 * @param environmentId - the environment
 * @param queueName - the queue
 * @returns the statement; it has no rows
 */
export function closeLanesOf(environmentId: string, queueName: string): Statement {
  return {
    name: "lanes_close",
    text: `
      update lane set standing = 'queue_closed', opens_at = null
      where environment_id = $1::uuid and queue_name = $2 and standing in ('ready', 'at_rate')`,
    values: [environmentId, queueName],
  };
}

/**
 * Has the next claims look at the lanes of queues again whose limits or rates have changed or that are no longer paused. Comes after the
 * change, under `lockEnvironment`, in one transaction. A queue that is paused keeps its lanes closed.
 *
 * @param environmentId - the environment
 * @param queueNames - the queues
 * @returns the statement; it has no rows
 */
export function reopenLanesOf(environmentId: string, queueNames: readonly string[]): Statement {
  return {
    name: "lanes_reopen",
    text: `
      update lane
      set standing = 'ready', opens_at = null, served_at = greatest(lane.served_at, coalesce((
            select d.served_from from dispatch d where d.environment_id = $1::uuid order by d.updated_at desc limit 1
          ), '-infinity'))
      from queue q
      where q.environment_id = $1::uuid and q.name = any ($2::text[]) and not q.is_paused
        and lane.environment_id = $1::uuid and lane.queue_name = q.name and lane.standing in ('at_limit', 'at_rate', 'queue_closed')`,
    values: [environmentId, textArray(queueNames)],
  };
}

/**
 * Marks the runs that hold or await a slot of queues that have a limit, so that their end is told to the lanes. Comes after the
 * change of the limits, under `lockEnvironment`, in one transaction. Locks: the rows, in the order of their ids.
 *
 * @param environmentId - the environment
 * @param queueNames - the queues
 * @returns the statement; it has no rows
 */
export function limitHeldRunsOf(environmentId: string, queueNames: readonly string[]): Statement {
  return {
    name: "runs_limit_held",
    text: `
      with unmarked as materialized (
        select l.run_id from live_run l
        where l.environment_id = $1::uuid and l.host_id is not null and not l.is_limited and l.queue_name in (
          select q.name from queue q
          where q.environment_id = $1::uuid and q.name = any ($2::text[])
            and coalesce(q.limit_override, q.concurrency_limit, q.combined_limit) is not null)
        order by l.run_id
        for no key update of l
      )
      update live_run l set is_limited = true
      from ${keyed("unmarked")} u
      where l.environment_id = u.environment_id and l.run_id = u.run_id and l.host_id is not null`,
    values: [environmentId, textArray(queueNames)],
  };
}
