import type { Database } from "../db.ts";

/**
 * Ends an action that is not over, so that no further page of it begins; a page that is in work is finished and noted.
 * Locks: the action.
 *
 * @param db - the database
 * @param environmentId - its environment
 * @param id - its id
 * @returns whether there is such an action, over or not
 */
export async function abort(db: Database, environmentId: string, id: string): Promise<boolean> {
  const rows = await db.query({
    name: "bulk_actions_abort",
    text: `
      update bulk_action b
      set status = case when b.status = 'PENDING' then 'ABORTED' else b.status end,
          completed_at = coalesce(b.completed_at, now()), due_at = null
      where b.environment_id = $1::uuid and b.id = $2::uuid
      returning 1`,
    values: [environmentId, id],
  });
  return rows.length > 0;
}
