import { keyed } from "../by-key.ts";
import type { Statement } from "../db.ts";

/**
 * Lets queued and delayed runs wait for a version again whose task the current version no longer has; runs that have begun stay
 * with their own version. Comes after a registration made its version current, in the same transaction. Locks: the runs, in the order
 * of their ids.
 *
 * @param environmentId - the environment
 * @returns the statement
 */
export function demoteOrphanedTasks(environmentId: string): Statement {
  return {
    name: "runs_demote",
    text: `
      with missing as materialized (
        select distinct t.id from task t where t.environment_id = $1::uuid
        except
        select t.id from version v join task t on t.environment_id = v.environment_id and t.version_id = v.id
        where v.environment_id = $1::uuid and v.is_current
      ),
      found as materialized (
        select l.run_id from live_run l
        where exists (select from missing) and l.environment_id = $1::uuid and l.task_id in (select id from missing)
          and l.state in ('queued', 'delayed') and l.version_id is null
        order by l.run_id
        for no key update
      )
      update live_run l
      set state = 'pending_version', order_at = null, due_at = null
      from ${keyed("found")} f
      where l.environment_id = f.environment_id and l.run_id = f.run_id`,
    values: [environmentId],
  };
}
