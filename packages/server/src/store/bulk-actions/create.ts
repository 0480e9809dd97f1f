import type { NewBulkAction } from "../../engine/bulk-ports.ts";
import { type Database, plainArray, type Statement } from "../db.ts";
import { writeFilter } from "./stored-filter.ts";

/**
 * Makes a bulk action, which is due at once. Where its runs are named they are chosen by that; otherwise it is about runs that exist
 * now. A call with the request key of an earlier one finds what that one made.
 *
 * @param db - the database
 * @param action - the action
 * @returns its id, or that of the earlier one
 */
export async function create(db: Database, action: NewBulkAction): Promise<string> {
  const [, , [row] = []] = await db.transaction([insertAction(action), nameRuns(action), findMade(action)]);
  if (row === undefined) throw new Error(`bulk action ${action.id} is not there after it was made`);
  return String(row.id);
}

/** A run whose id is above the action's own may exist already: the clocks of two servers differ. Locks: the request key. */
function insertAction({
  environmentId,
  id,
  action,
  name,
  selection,
  targetRegion,
  runsHooks,
  requestKey,
}: NewBulkAction): Statement {
  const isNamed = "runIds" in selection;
  return {
    name: "bulk_actions_insert",
    text: `
      insert into bulk_action (environment_id, id, action, name, filter, target_region, request_key, last_run_id, is_chosen, due_at, runs_hooks)
      values ($1::uuid, $2::uuid, $3, $4, $5::jsonb, $6, $7,
              greatest($2::uuid, (select r.id from run r where r.environment_id = $1::uuid order by r.id desc limit 1)), $8, now(), $9)
      on conflict (environment_id, request_key) where request_key is not null do nothing`,
    values: [
      environmentId,
      id,
      action,
      name,
      isNamed ? null : writeFilter(selection.filter),
      targetRegion,
      requestKey,
      isNamed,
      runsHooks ?? false,
    ],
  };
}

/** Comes after {@link insertAction}, whether that made the action or not. */
function nameRuns({ environmentId, id, selection }: NewBulkAction): Statement {
  return {
    name: "bulk_actions_name_runs",
    text: `
      with named as (
        insert into bulk_action_run (environment_id, bulk_action_id, run_id)
        select $1::uuid, $2::uuid, run_id from (select distinct unnest($3::uuid[]) as run_id) given
        where exists (select from bulk_action b where b.environment_id = $1::uuid and b.id = $2::uuid)
        returning 1
      )
      update bulk_action b set total = (select count(*) from named) where b.environment_id = $1::uuid and b.id = $2::uuid`,
    values: [environmentId, id, plainArray("runIds" in selection ? selection.runIds : [])],
  };
}

function findMade({ environmentId, id, requestKey }: NewBulkAction): Statement {
  return {
    name: "bulk_actions_find_made",
    text: `
      select b.id from bulk_action b where b.environment_id = $1::uuid and b.id = $2::uuid
      union all
      select b.id from bulk_action b where b.environment_id = $1::uuid and b.request_key = $3 and b.id <> $2::uuid`,
    values: [environmentId, id, requestKey],
  };
}
