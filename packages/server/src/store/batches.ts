import type { BatchOutcome, BatchStore, NewBatch } from "../engine/batch-ports.ts";
import { failItems, trackItemsOf } from "./batch-items.ts";
import { keyed } from "./by-key.ts";
import type { Database, Rows, Statement } from "./db.ts";
import { completeAwaited, setPatience } from "./runs/completions.ts";
import { transactionAgain } from "./runs/contended.ts";
import { noteEnded } from "./runs/finish.ts";

/**
 * Batches on Postgres.
 *
 * @param database - where
 * @returns the store
 */
export function createBatchStore(database: Database): BatchStore {
  return {
    create: (batch) => create(database, batch),
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
    failItems: (environmentId, batchId, items) => failItems(database, environmentId, batchId, items),
    async seal(environmentId, batchId) {
      const [, ...results] = await transactionAgain(database, [
        lockBatch(environmentId, batchId),
        sealBatch(environmentId, batchId),
        ...completeAwaited(environmentId),
      ]);
      return (results.at(-1) ?? []).length > 0;
    },
  };
}

async function create(database: Database, batch: NewBatch): Promise<BatchOutcome> {
  const { parent } = batch;
  const statements = [
    ...(parent?.claim ? [lockParent(batch)] : []),
    ...(batch.idempotency === null ? [] : [freeExpiredKey(batch)]),
    insertBatch(batch),
    findBatch(batch),
    ...(parent?.wait ? [awaitBatch(batch), ...completeAwaited(batch.environmentId)] : []),
  ];
  const results = await transactionAgain(database, statements);
  return outcomeOf(batch, results[statements.findIndex((statement) => statement.name === "batches_find_made")] ?? []);
}

function outcomeOf(batch: NewBatch, [row]: Rows): BatchOutcome {
  if (row === undefined || row.is_parent_valid !== true) {
    return { kind: "refused", reason: { kind: batch.parent?.claim ? "lost_claim" : "parent_finished" } };
  }
  const [id, runCount] = [String(row.id), Number(row.run_count)];
  if (id === batch.id) return { kind: "created", id, runCount };
  return { kind: "found", id, runCount, isCached: row.is_cached === true };
}

/** No claim is lost between the look at it and the commit. Locks: the parent's live row. */
function lockParent({ environmentId, parent }: NewBatch): Statement {
  return {
    name: "batches_lock_parent",
    text: "select from live_run where environment_id = $1::uuid and run_id = $2::uuid for no key update",
    values: [environmentId, parent?.runId ?? null],
  };
}

/** Locks: the batch that had the key. */
function freeExpiredKey({ environmentId, idempotency }: NewBatch): Statement {
  return {
    name: "batches_free_expired_key",
    text: `
      update batch set idempotency_key = null
      where environment_id = $1::uuid and idempotency_key = $2 and idempotency_key_expires_at <= now()`,
    values: [environmentId, idempotency?.key ?? null],
  };
}

/**
 * What the statements of one `create` have in common: `draft`, what is asked for; `parent`, whether it may make the batch, and `found`, the batch that there is
 * already: in the journal of the parent's waits, or by one of its keys.
 */
const common = `
  draft as (
    select $3::int as run_count, $4::text as request_key, $5::text as idempotency_key, $6::float8 as key_life_s, $10::text as wait
  ),
  parent as materialized (
    select $7::uuid is null or exists (
      select from run r
      where r.environment_id = $1::uuid and r.id = $7::uuid and r.outcome is null
    ) and ($9::int is null or exists (
      select from live_run l
      where l.environment_id = $1::uuid and l.run_id = $7::uuid and l.host_id = $8::uuid and l.fence = $9::int and l.state <> 'claimed'
    )) as is_valid
  ),
  found as materialized (
    select b.id, b.is_cached from (
      select w.waitpoint_id as id, false as is_cached, 1 as place from run_wait w
      where w.environment_id = $1::uuid and w.run_id = $7::uuid and w.key = $10
      union all
      select id, false, 2 from batch where environment_id = $1::uuid and request_key = $4
      union all
      select id, sealed_at is not null, 3 from batch where environment_id = $1::uuid and idempotency_key = $5
    ) b
    where b.id <> $2::uuid
    order by b.place limit 1
  )`;

function commonValues({ environmentId, id, runCount, requestKey, idempotency, parent }: NewBatch): readonly unknown[] {
  return [
    environmentId,
    id,
    runCount,
    requestKey,
    idempotency?.key ?? null,
    idempotency?.lifeS ?? null,
    parent?.runId ?? null,
    parent?.claim?.hostId ?? null,
    parent?.claim?.fence ?? null,
    parent?.wait ?? null,
  ];
}

/** An insert that meets a key under way waits for it; the next statement sees which of the two was made. Locks: the keys. */
function insertBatch(batch: NewBatch): Statement {
  return {
    name: "batches_insert",
    text: `
      with ${common}
      insert into batch (environment_id, id, run_count, request_key, idempotency_key, idempotency_key_expires_at, parent_run_id,
                         is_awaited)
      select $1::uuid, $2::uuid, d.run_count, d.request_key, d.idempotency_key, now() + d.key_life_s * interval '1 second', $7::uuid,
             d.wait is not null
      from draft d cross join parent p where p.is_valid and not exists (select from found)
      on conflict do nothing`,
    values: commonValues(batch),
  };
}

/** Locks: the batch. */
function findBatch(batch: NewBatch): Statement {
  return {
    name: "batches_find_made",
    text: `
      with ${common}
      select b.id, b.run_count, coalesce((select is_cached from found), false) as is_cached, p.is_valid as is_parent_valid, ${setPatience}
      from parent p
      cross join batch b
      where b.environment_id = $1::uuid and b.id = coalesce((select id from found), $2::uuid)
      for no key update of b`,
    values: commonValues(batch),
  };
}

/**
 * Has the parent wait for the batch that was made or found. A found one may have runs already which nobody waited for.
 * `completeAwaited` has to follow, since they may all have ended. Locks: the batch, those of its live runs that do not know it, its waitpoint.
 */
function awaitBatch(batch: NewBatch): Statement {
  return {
    name: "batches_await",
    text: `
      with ${common},
      awaited as materialized (
        select b.id, b.is_awaited from parent p
        cross join batch b
        where p.is_valid and b.environment_id = $1::uuid and b.id = coalesce((select id from found), $2::uuid)
      ),
      marked as (
        update batch b set is_awaited = true from awaited a
        where not a.is_awaited and b.environment_id = $1::uuid and b.id = a.id
      ),
      complete as (
        select a.id from awaited a join batch b on b.environment_id = $1::uuid and b.id = a.id
        where a.id <> $2::uuid and b.sealed_at is not null
      ),
      ${trackItemsOf("complete")},
      waited as (
        insert into waitpoint (environment_id, id, kind) select $1::uuid, id, 'batch' from awaited
        on conflict (environment_id, id) do update set kind = excluded.kind -- locks it, against being forgotten
      ),
      opened as (
        insert into run_wait (environment_id, run_id, key, waitpoint_id)
        select $1::uuid, $7::uuid, $10, id from awaited
        on conflict do nothing
        returning run_id
      ),
      progressed as (
        update live_run l set lost_count = 0
        from ${keyed("opened")} o
        where l.environment_id = o.environment_id and l.run_id = o.run_id and l.lost_count > 0
      )
      select ${noteEnded("pawl.ended_in", "id", "true")} from awaited`,
    values: commonValues(batch),
  };
}

/** Locks: the batch. */
function lockBatch(environmentId: string, batchId: string): Statement {
  return {
    name: "batches_lock",
    text: `select ${setPatience} from batch where environment_id = $1::uuid and id = $2::uuid for no key update`,
    values: [environmentId, batchId],
  };
}

/**
 * Seals a batch that has all its items, and only such a one. Comes after {@link lockBatch}; `completeAwaited` has to follow.
 * Locks: those of its live runs that do not know yet that somebody waits for it, by id.
 */
function sealBatch(environmentId: string, batchId: string): Statement {
  return {
    name: "batches_seal",
    text: `
      with sealed as (
        update batch set sealed_at = now()
        where environment_id = $1::uuid and id = $2::uuid and sealed_at is null and aborted_at is null and run_count = (
          select count(*) from batch_item i where i.environment_id = $1::uuid and i.batch_id = $2::uuid
        )
        returning id, is_awaited
      ),
      complete as (
        select id from sealed where is_awaited
      ),
      ${trackItemsOf("complete")}
      select ${noteEnded("pawl.ended_in", "id", "is_awaited")} from sealed`,
    values: [environmentId, batchId],
  };
}
