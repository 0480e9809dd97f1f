import type { FailedBatchItem } from "../engine/batch-ports.ts";
import { keyed } from "./by-key.ts";
import { type Database, plainArray, textArray } from "./db.ts";

/** An item of a batch for which a run stands that another call made, under the same idempotency key. */
export interface FoundItem {
  readonly environmentId: string;
  readonly batchId: string;
  readonly index: number;
  readonly runId: string;
}

/**
 * Places runs of other calls in batches; a place that is taken stays. Locks: the places.
 *
 * @param db - the database
 * @param items - the items
 */
export async function placeFoundItems(db: Database, items: readonly FoundItem[]): Promise<void> {
  if (items.length === 0) return;
  await db.query({
    name: "batches_place_found",
    text: `
      insert into batch_item (environment_id, batch_id, index, run_id)
      select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[]) as f(environment_id, batch_id, index, run_id)
      order by 1, 2, 3
      on conflict do nothing`,
    values: [
      plainArray(items.map((item) => item.environmentId)),
      plainArray(items.map((item) => item.batchId)),
      plainArray(items.map((item) => item.index)),
      plainArray(items.map((item) => item.runId)),
    ],
  });
}

/**
 * Notes items that can't be triggered, in the places of their runs; a place that is taken stays. Locks: the places, then the batch.
 *
 * @param db - the database
 * @param environmentId - the environment of the batch
 * @param batchId - the batch
 * @param items - the items
 */
export async function failItems(
  db: Database,
  environmentId: string,
  batchId: string,
  items: readonly FailedBatchItem[],
): Promise<void> {
  await db.query({
    name: "batches_fail_items",
    text: `
      with placed as (
        insert into batch_item (environment_id, batch_id, index, task_id, error, error_code)
        select $1::uuid, $2::uuid, f.index, f.task_id, f.error, f.error_code
        from unnest($3::int[], $4::text[], $5::text[], $6::text[]) as f(index, task_id, error, error_code)
        order by f.index
        on conflict do nothing
      )
      update batch set last_item_at = now() where environment_id = $1::uuid and id = $2::uuid`,
    values: [
      environmentId,
      batchId,
      plainArray(items.map((item) => item.index)),
      textArray(items.map((item) => item.taskId)),
      textArray(items.map((item) => item.error)),
      textArray(items.map((item) => item.errorCode)),
    ],
  });
}

/**
 * The common table expressions that have the end of each run of an awaited batch be noticed, now that all items have come: most runs were made
 * with the word of it (awaited_batch_id). One that was made while somebody began to wait gets it now; one that stands for an item
 * of another awaited batch, too, is waited for by the batch itself: a row of `run_wait` with the batch in the place of a run. The
 * rows are locked first, so that one that ends meanwhile either is gone or sees it.
 *
 * @param source - a common table expression with the id of the batch, locked, or with no row
 * @returns the SQL, for a statement whose $1 is the environment
 */
export function trackItemsOf(source: string): string {
  return `
    untold as materialized (
      select l.environment_id, l.run_id, l.awaited_batch_id, i.batch_id
      from ${keyed(source)} s
      join batch_item i on i.environment_id = s.environment_id and i.batch_id = s.id
      join live_run l on l.environment_id = i.environment_id and l.run_id = i.run_id
      where l.awaited_batch_id is distinct from s.id
      order by l.run_id
      for no key update of l
    ),
    told as (
      update live_run l
      set awaited_batch_id = coalesce(l.awaited_batch_id, u.batch_id), is_awaited = l.is_awaited or u.awaited_batch_id is not null
      from untold u
      where l.environment_id = u.environment_id and l.run_id = u.run_id
    ),
    shared_waitpoint as (
      insert into waitpoint (environment_id, id, kind)
      select $1::uuid, run_id, 'run' from untold where awaited_batch_id is not null
      order by 2
      on conflict (environment_id, id) do update set kind = excluded.kind -- locks it, against being forgotten
    ),
    shared as (
      insert into run_wait (environment_id, run_id, key, waitpoint_id)
      select $1::uuid, batch_id, 'run ' || run_id, run_id from untold where awaited_batch_id is not null
      on conflict do nothing
    )`;
}
