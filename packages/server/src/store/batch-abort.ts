import { keyed, lockById } from "./by-key.ts";
import type { Statement } from "./db.ts";
import { noteCompletedOf } from "./runs/completions.ts";

/** How long after its last item a batch is aborted that is not complete; text of an interval. */
export const batchPatience = "10 minutes";

/** The most batches that one transaction aborts. */
const abortSize = 100;

/**
 * Aborts batches whose items do not come: who waits for one goes on. When a batch's last run was made is looked up only now, so
 * that making runs does not touch it. Batches that another transaction has are skipped. `resumeWaiters` has to follow in the
 * transaction. Locks: the batches, then their waitpoints, by id.
 *
 * @param environmentId - the environment
 * @returns the statement
 */
export function abortBatches(environmentId: string): Statement {
  return {
    name: "batches_abort",
    text: `
      with stale as materialized (
        select b.id from batch b
        where b.environment_id = $1::uuid and b.sealed_at is null and b.aborted_at is null
          and b.last_item_at <= now() - interval '${batchPatience}'
        order by b.last_item_at limit ${abortSize}
        for no key update skip locked
      ),
      looked as materialized (
        select s.id, (
          select max(r.created_at) from batch_item i
          cross join lateral (select run.created_at from run where run.environment_id = $1::uuid and run.id = i.run_id offset 0) r
          where i.environment_id = $1::uuid and i.batch_id = s.id
        ) as last_item_at
        from stale s
      ),
      decided as (
        update batch b
        set last_item_at = greatest(b.last_item_at, l.last_item_at),
            aborted_at = case
              when greatest(b.last_item_at, l.last_item_at) <= now() - interval '${batchPatience}' then now() end
        from ${keyed("looked")} l
        where b.environment_id = l.environment_id and b.id = l.id
        returning b.id, b.aborted_at
      ),
      open as materialized (${lockById({
        table: "waitpoint",
        column: "id",
        ids: "array(select id from decided where aborted_at is not null)",
        condition: "l.completed_at is null",
        strength: "for no key update",
      })}
      ),
      completed as (
        update waitpoint w set completed_at = now()
        from ${keyed("open")} o
        where w.environment_id = o.environment_id and w.id = o.id
        returning w.id
      )
      ${noteCompletedOf("completed")}`,
    values: [environmentId],
  };
}
