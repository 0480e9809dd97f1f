import type { PacketType } from "@pawl/contract/packet";
import type { BlobStore } from "../engine/blob-ports.ts";
import type { Database, Statement } from "./db.ts";

/**
 * Blobs in a table of Postgres.
 *
 * @param db - the database
 * @returns the store
 */
export function createBlobStore(db: Database): BlobStore {
  return {
    async put(environmentId, path, { text, type }) {
      await db.query({
        name: "blobs_put",
        text: `
          insert into blob (environment_id, path, content_type, data) values ($1::uuid, $2, $3, $4)
          on conflict do nothing`,
        values: [environmentId, path, type, text],
      });
    },
    async get(environmentId, path) {
      const [row] = await db.query({
        name: "blobs_get",
        text: "select content_type, data from blob where environment_id = $1::uuid and path = $2",
        values: [environmentId, path],
      });
      return row === undefined ? null : { text: String(row.data), type: row.content_type as PacketType }; // as put wrote it
    },
  };
}

/**
 * Deletes a page of blobs that are older than a day; those that another server deletes are skipped. Locks: the deleted rows.
 *
 * @param size - the most rows
 * @returns the statement; a row for each that was deleted
 */
export function forgetBlobs(size: number): Statement {
  return {
    name: "blobs_forget",
    text: `
      with old as (
        select environment_id, path from blob where created_at < now() - interval '1 day' limit ${size} for update skip locked
      )
      delete from blob b using old o where b.environment_id = o.environment_id and b.path = o.path
      returning 1`,
    values: [],
  };
}
