import type { TakenBulkAction } from "../../engine/bulk-ports.ts";
import type { Database, Statement } from "../db.ts";
import { runWindow } from "./run-window.ts";

/** How many runs one transaction looks at. */
const windowSize = 2_000;

/**
 * Looks at the next runs that the action may be about, and chooses those that match. Does nothing where another server has done so,
 * or the action is over. Locks: the action.
 *
 * @param db - the database
 * @param taken - the action, whose runs are not all chosen
 */
export async function choose(db: Database, taken: TakenBulkAction): Promise<void> {
  await db.transaction([lockAction(taken), chooseRuns(taken)]);
}

/**
 * Locks the action, so that the next statement decides on where it stands.
 *
 * @param taken - the action
 * @returns the statement
 */
export function lockAction({ environmentId, id }: TakenBulkAction): Statement {
  return {
    name: "bulk_actions_lock",
    text: "select from bulk_action where environment_id = $1::uuid and id = $2::uuid for no key update",
    values: [environmentId, id],
  };
}

/** Runs that a replay has made itself are not replayed, whatever the clock says that gave them their ids. */
function chooseRuns({ environmentId, id, action, filter, cursor, lastRunId }: TakenBulkAction): Statement {
  if (filter === null) throw new Error(`the runs of bulk action ${id} were named`);
  const window = runWindow({ environmentId, action, filter, cursor, lastRunId, size: windowSize }, [id, cursor]);
  return {
    name: `bulk_choose_${window.shape}`,
    text: `
      with action as materialized (
        select b.id from bulk_action b
        where b.environment_id = $1::uuid and b.id = $5::uuid and b.status = 'PENDING' and not b.is_chosen
          and b.cursor is not distinct from $6::uuid
      ),
      ${window.ctes},
      chosen as (
        insert into bulk_action_run (environment_id, bulk_action_id, run_id)
        select $1::uuid, $5::uuid, m.id from matched m cross join action
        where m.bulk_action_id is distinct from $5::uuid
        returning 1
      ),
      last_seen as (
        select (select count(*) from seen) < $4::int as is_end, (select id from seen order by id desc limit 1) as id
      )
      update bulk_action b
      set total = b.total + (select count(*) from chosen), is_chosen = s.is_end, cursor = case when not s.is_end then s.id end,
          due_at = now()
      from action a cross join last_seen s
      where b.environment_id = $1::uuid and b.id = $5::uuid`,
    values: window.values,
  };
}
