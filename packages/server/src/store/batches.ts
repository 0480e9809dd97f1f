import type { BatchStore } from "../engine/batch-ports.ts";
import type { Database } from "./db.ts";

/**
 * Batches on Postgres.
 *
 * @param database - where
 * @returns the store
 */
export function createBatchStore(database: Database): BatchStore {
  return {
    async create({ environmentId, id, runCount, requestKey }) {
      // An insert that meets a key under way waits for it; the next statement sees which of the two was made.
      const [, [row] = []] = await database.transaction([
        {
          name: "batches_insert",
          text: `insert into batch (environment_id, id, run_count, request_key) values ($1, $2, $3, $4)
                 on conflict (environment_id, request_key) do nothing`,
          values: [environmentId, id, runCount, requestKey],
        },
        {
          name: "batches_find_by_key",
          text: "select id from batch where environment_id = $1 and (id = $2 or request_key = $3)",
          values: [environmentId, id, requestKey],
        },
      ]);
      const storedId = String(row?.id);
      return { id: storedId, isFound: storedId !== id };
    },
    async find(environmentId, batchId) {
      const [row] = await database.query({
        name: "batches_find",
        text: `select run_count, array(
                 select index from batch_item item where item.environment_id = batch.environment_id and item.batch_id = batch.id
               ) as indexes
               from batch where environment_id = $1 and id = $2`,
        values: [environmentId, batchId],
      });
      if (row === undefined) return null;
      return { runCount: Number(row.run_count), indexes: new Set(row.indexes as number[]) }; // an int[] column
    },
    async seal(environmentId, batchId) {
      await database.query({
        name: "batches_seal",
        text: "update batch set sealed_at = now() where environment_id = $1 and id = $2 and sealed_at is null",
        values: [environmentId, batchId],
      });
    },
  };
}
