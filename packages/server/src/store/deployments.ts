import type { DeploymentPage, DeploymentReader, DeploymentRecord } from "../engine/deployment-ports.ts";
import type { Database } from "./db.ts";

const columns = "v.id, v.label, v.content_hash, v.created_at";

/**
 * Reads versions as deployments, on Postgres. Takes no lock.
 *
 * @param database - where
 * @returns the reader
 */
export function createDeploymentReader(database: Database): DeploymentReader {
  return {
    async current(environmentId) {
      const [row] = await database.query({
        name: "deployments_current",
        text: `select ${columns} from version v where v.environment_id = $1::uuid and v.is_current`,
        values: [environmentId],
      });
      return row === undefined ? null : record(row);
    },
    list: (environmentId, page) => list(database, environmentId, page),
  };
}

async function list(
  database: Database,
  environmentId: string,
  { cursor, from, to, size }: Parameters<DeploymentReader["list"]>[1],
): Promise<DeploymentPage> {
  const isBackward = cursor?.direction === "before";
  const rows = await database.query({
    name: `deployments_list_${cursor?.direction ?? "first"}`,
    text: `
      select ${columns} from version v
      where v.environment_id = $1::uuid
        and v.created_at >= coalesce($3::timestamptz, '-infinity') and v.created_at <= coalesce($4::timestamptz, 'infinity')
        ${cursor === null ? "" : `and v.id ${isBackward ? ">" : "<"} $5::uuid`}
      order by v.id ${isBackward ? "asc" : "desc"} limit $2::int`,
    values: [environmentId, size + 1, from, to, ...(cursor === null ? [] : [cursor.id])],
  });
  const hasMore = rows.length > size;
  const deployments = rows.slice(0, size).map(record);
  if (isBackward) deployments.reverse();
  return {
    deployments,
    hasNext: isBackward ? true : hasMore,
    hasPrevious: isBackward ? hasMore : cursor !== null,
  };
}

function record(row: Record<string, unknown>): DeploymentRecord {
  // The casts state the column types.
  return {
    id: row.id as string,
    label: row.label as string,
    contentHash: row.content_hash as string,
    createdAt: row.created_at as Date,
  };
}
