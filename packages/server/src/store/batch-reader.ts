import type { BatchItemRecord, BatchReader, RunResult } from "../engine/read-ports.ts";
import type { Database, Rows } from "./db.ts";
import { resultColumns, toResult } from "./runs/read.ts";

/**
 * Reads batches for the API.
 *
 * @param database - where
 * @returns the reader
 */
export function createBatchReader(database: Database): BatchReader {
  return {
    async open(environmentId, batchId) {
      const [row] = await database.query({
        name: "batches_open",
        text: `select b.run_count, b.is_awaited, b.aborted_at is not null as is_aborted, b.parent_run_id,
                      array(select i.index from batch_item i where i.environment_id = b.environment_id and i.batch_id = b.id) as indexes
               from batch b
               where b.environment_id = $1::uuid and b.id = $2::uuid`,
        values: [environmentId, batchId],
      });
      if (row === undefined) return null;
      // The casts state the column types of the statement above.
      return {
        runCount: row.run_count as number,
        indexes: new Set(row.indexes as number[]),
        isAborted: row.is_aborted as boolean,
        parentRunId: row.parent_run_id as string | null,
        isAwaited: row.is_awaited as boolean,
      };
    },
    async retrieve(environmentId, batchId) {
      const [[batch] = [], items = []] = await database.transaction([
        {
          name: "batches_retrieve",
          text: `select b.run_count, b.idempotency_key, b.created_at, b.last_item_at, b.sealed_at, b.aborted_at,
                        exists (
                          select from batch_item i
                          join live_run l on l.environment_id = i.environment_id and l.run_id = i.run_id
                          where i.environment_id = b.environment_id and i.batch_id = b.id
                        ) as has_live
                 from batch b where b.environment_id = $1::uuid and b.id = $2::uuid`,
          values: [environmentId, batchId],
        },
        {
          name: "batches_items",
          text: `select i.index, i.run_id, i.task_id, i.error, i.error_code
                 from batch_item i where i.environment_id = $1::uuid and i.batch_id = $2::uuid order by i.index`,
          values: [environmentId, batchId],
        },
      ]);
      if (batch === undefined) return null;
      return {
        runCount: batch.run_count as number,
        idempotencyKey: batch.idempotency_key as string | null,
        createdAt: batch.created_at as Date,
        lastItemAt: batch.last_item_at as Date,
        sealedAt: batch.sealed_at as Date | null,
        abortedAt: batch.aborted_at as Date | null,
        hasLive: batch.has_live as boolean,
        items: items.map(itemOf),
      };
    },
    results: (environmentId, batchId) => results(database, environmentId, batchId),
  };
}

async function results(
  database: Database,
  environmentId: string,
  batchId: string,
): Promise<readonly (RunResult | BatchItemRecord)[] | null> {
  const values = [environmentId, batchId];
  const [batches = [], rows = []] = await database.transaction([
    { name: "batches_exists", text: "select from batch where environment_id = $1::uuid and id = $2::uuid", values },
    {
      name: "batches_results",
      text: `select i.index, i.run_id, i.task_id as item_task_id, i.error as item_error, i.error_code, ${resultColumns}
             from batch_item i
             left join run r on r.environment_id = i.environment_id and r.id = i.run_id and r.outcome is not null
             where i.environment_id = $1::uuid and i.batch_id = $2::uuid and (r.id is not null or i.run_id is null)
             order by i.index`,
      values,
    },
  ]);
  if (batches.length === 0) return null;
  return rows.map((row) => {
    if (row.id !== null) return toResult(row);
    return itemOf({ ...row, task_id: row.item_task_id, error: row.item_error });
  });
}

function itemOf(row: Rows[number]): BatchItemRecord {
  return {
    index: row.index as number,
    runId: row.run_id as string | null,
    taskId: row.task_id as string | null,
    error: row.error as string | null,
    errorCode: row.error_code as string | null,
  };
}
