import { type Database, plainArray } from "../db.ts";

/** The most runs of a page. */
const pageSize = 500;

/**
 * Reads a page of the unfinished children of runs. Takes no lock.
 *
 * @param db - the database
 * @param environmentId - the environment
 * @param parentRunIds - the parents
 * @param afterId - the last id of the page before, or null
 * @returns their ids, in order
 */
export async function liveChildren(
  db: Database,
  environmentId: string,
  parentRunIds: readonly string[],
  afterId: string | null,
): Promise<readonly string[]> {
  const rows = await db.query({
    name: "runs_live_children",
    text: `
      select l.run_id from live_run l
      where l.environment_id = $1::uuid and l.parent_run_id = any ($2::uuid[]) and ($3::uuid is null or l.run_id > $3::uuid)
      order by l.run_id limit ${pageSize}`,
    values: [environmentId, plainArray(parentRunIds), afterId],
  });
  return rows.map((row) => String(row.run_id));
}

/**
 * Reads a page of the children of runs that have ended as canceled. Takes no lock.
 *
 * @param db - the database
 * @param environmentId - the environment
 * @param parentRunIds - the parents
 * @param afterId - the last id of the page before, or null
 * @returns their ids, in order
 */
export async function canceledChildren(
  db: Database,
  environmentId: string,
  parentRunIds: readonly string[],
  afterId: string | null,
): Promise<readonly string[]> {
  const rows = await db.query({
    name: "runs_canceled_children",
    text: `
      select r.id from run r
      where r.environment_id = $1::uuid and r.parent_run_id = any ($2::uuid[]) and r.outcome = 'canceled'
        and ($3::uuid is null or r.id > $3::uuid)
      order by r.id limit ${pageSize}`,
    values: [environmentId, plainArray(parentRunIds), afterId],
  });
  return rows.map((row) => String(row.id));
}
