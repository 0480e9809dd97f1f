import type { BulkActionPage, BulkActionRecord, BulkActionStore } from "../../engine/bulk-ports.ts";
import type { Database } from "../db.ts";

const columns = "b.id, b.action, b.name, b.status, b.total, b.succeeded, b.failed, b.created_at, b.completed_at";

function record(row: Record<string, unknown>): BulkActionRecord {
  // The casts state the column types.
  return {
    id: row.id as string,
    action: row.action as BulkActionRecord["action"],
    name: row.name as string | null,
    status: row.status as BulkActionRecord["status"],
    total: row.total as number,
    succeeded: row.succeeded as number,
    failed: row.failed as number,
    createdAt: row.created_at as Date,
    completedAt: row.completed_at as Date | null,
  };
}

/**
 * Reads a bulk action as it stands. Takes no lock.
 *
 * @param db - the database
 * @param environmentId - its environment
 * @param id - its id
 * @returns it, or null when there is none
 */
export async function retrieve(db: Database, environmentId: string, id: string): Promise<BulkActionRecord | null> {
  const [row] = await db.query({
    name: "bulk_actions_retrieve",
    text: `select ${columns} from bulk_action b where b.environment_id = $1::uuid and b.id = $2::uuid`,
    values: [environmentId, id],
  });
  return row === undefined ? null : record(row);
}

/**
 * Reads a page of bulk actions, newest first. Takes no lock.
 *
 * @param db - the database
 * @param environmentId - their environment
 * @param page - where it begins, and how long it is
 * @returns the page
 */
export async function list(
  db: Database,
  environmentId: string,
  { cursor, size }: Parameters<BulkActionStore["list"]>[1],
): Promise<BulkActionPage> {
  const isBackward = cursor?.direction === "before";
  const rows = await db.query({
    name: `bulk_actions_list_${cursor?.direction ?? "first"}`,
    text: `
      select ${columns} from bulk_action b
      where b.environment_id = $1::uuid ${cursor === null ? "" : `and b.id ${isBackward ? ">" : "<"} $3::uuid`}
      order by b.id ${isBackward ? "asc" : "desc"} limit $2::int`,
    values: [environmentId, size + 1, ...(cursor === null ? [] : [cursor.id])],
  });
  const hasMore = rows.length > size;
  const actions = rows.slice(0, size).map(record);
  if (isBackward) actions.reverse();
  return {
    actions,
    hasNext: isBackward ? true : hasMore,
    hasPrevious: isBackward ? hasMore : cursor !== null,
  };
}
