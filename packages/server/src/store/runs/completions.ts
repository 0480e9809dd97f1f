import { keyed, keysOf, lockById } from "../by-key.ts";
import { plainArray, type Statement } from "../db.ts";

// What follows in a transaction that finished runs, sealed a batch or completed waitpoints. Locks are taken in the order:
// finished live rows, batches, waitpoints, waiting live rows; each kind by its ids, each in a statement of its own, so that the
// next one decides on what the lock protects.

/** Bounds how long later statements of the transaction wait for the locks of live rows; see `contended.ts`. */
export const setPatience = "set_config('lock_timeout', '100ms', true)";

/**
 * The expression for ids that an earlier statement of the transaction left in a setting.
 *
 * @param setting - its name
 * @returns the SQL of an array; null where there are none
 */
export const idsIn = (setting: string) =>
  `string_to_array(nullif(current_setting('${setting}', true), ''), ',')::uuid[]`;

/** Batches in which a run has ended, or that were sealed; some have an item for which a run of another batch stands. */
const endedIn = `
        select unnest(${idsIn("pawl.ended_in")})
        union all
        select w.run_id from run_wait w
        where w.environment_id = $1::uuid and w.waitpoint_id = any (${idsIn("pawl.ended_runs")})`;

/**
 * The statements that come after all that finish runs in a transaction, all of one environment: they forget what those had
 * waited for, complete their waitpoints and those of batches of which nothing lives any more, and let go on who waits for them.
 * The rows of the last one are the runs that are now resuming.
 *
 * @param environmentId - the environment
 * @param completedIds - runs that were completed, of which no word was left
 * @returns the statements, in their order
 */
export function completeAwaited(environmentId: string, completedIds: readonly string[] = []): readonly Statement[] {
  return [closeWaits(environmentId, completedIds), completeWaitpoints(environmentId), resumeWaiters(environmentId)];
}

/**
 * Forgets the waits that ended runs have opened, and the times among them, which nobody else can wait for; what was opened until their
 * rows were locked is seen here. And locks batches: of the last two runs of one that end at once, the later waits here, and then
 * sees that the other has ended. Locks: the batches, by id.
 */
function closeWaits(environmentId: string, completedIds: readonly string[]): Statement {
  return {
    name: "waits_close",
    text: `
      with closed as (
        delete from run_wait w
        where w.ctid = any (array(
          select own.place from (
            select unnest(${idsIn("pawl.closing")}) as run_id
            union
            select c.run_id from unnest($2::uuid[]) as c(run_id) where not exists (
              select from live_run l where l.environment_id = $1::uuid and l.run_id = c.run_id offset 0
            )
          ) ended
          cross join lateral (
            select run_wait.ctid as place from run_wait
            where run_wait.environment_id = $1::uuid and run_wait.run_id = ended.run_id offset 0
          ) own
        ))
        returning w.waitpoint_id
      ),
      closed_time as (
        delete from waitpoint w
        using ${keyed("closed")} c
        where w.environment_id = c.environment_id and w.id = c.waitpoint_id and w.kind = 'time' and w.idempotency_key is null
      )
      ${lockById({ table: "batch", column: "id", ids: `array(${endedIn})`, strength: "for no key update" })}`,
    values: [environmentId, plainArray(completedIds)],
  };
}

/** Locks: the waitpoints, so that whoever is about to suspend for one of them either is seen by the next statement or sees it completed. */
function completeWaitpoints(environmentId: string): Statement {
  return {
    name: "waits_complete",
    text: `
      with over as (
        select unnest(${idsIn("pawl.ended_runs")}) as id
        union all
        select b.id from ${keysOf(`array(${endedIn})`)} k
        join batch b on b.environment_id = k.environment_id and b.id = k.id
        where (b.aborted_at is not null or b.sealed_at is not null and not exists (
            select from live_run l where l.environment_id = $1::uuid and l.awaited_batch_id = b.id offset 0
          ) and not exists (
            select from run_wait w
            cross join lateral (
              select from live_run l where l.environment_id = $1::uuid and l.run_id = w.waitpoint_id offset 0
            ) l
            where w.environment_id = $1::uuid and w.run_id = b.id offset 0
          ))
      ),
      open as materialized (${lockById({
        table: "waitpoint",
        column: "id",
        ids: "array(select id from over)",
        condition: "l.completed_at is null",
        strength: "for no key update",
      })}
      ),
      completed as (
        update waitpoint w set completed_at = now()
        from ${keyed("open")} o
        where w.environment_id = o.environment_id and w.id = o.id
        returning w.environment_id, w.id
      ),
      closed as (
        delete from run_wait w using completed c where w.environment_id = c.environment_id and w.run_id = c.id
      )
      ${noteCompletedOf("completed")}`,
    values: [environmentId],
  };
}

/**
 * The query that leaves word of completed waitpoints to {@link resumeWaiters}, the next statement of the transaction.
 *
 * @param source - a common table expression with the ids of the waitpoints
 * @returns the SQL
 */
export function noteCompletedOf(source: string): string {
  return `
    select set_config('pawl.completed', string_agg(id::text, ','), true), ${setPatience}
    from ${source}
    having count(*) > 0`;
}

/**
 * Lets go on who waits for the waitpoints that the statement before has completed: their runs are to take their slots again.
 * Locks: the waiting rows, by id.
 *
 * @param environmentId - the environment
 * @returns the statement; its rows are the ids of the runs
 */
export function resumeWaiters(environmentId: string): Statement {
  return {
    name: "waits_resume_waiters",
    text: `
      with waiter as materialized (${lockById({
        table: "live_run",
        column: "run_id",
        ids: `array(
          select w.run_id from run_wait w
          where w.environment_id = $1::uuid and w.waitpoint_id = any (${idsIn("pawl.completed")}) and w.is_awaited
        )`,
        condition: "l.state = 'waiting'",
        strength: "for no key update",
      })}
      )
      update live_run l set state = 'resuming', booked_at = clock_timestamp()
      from ${keyed("waiter")} w
      where l.environment_id = w.environment_id and l.run_id = w.id
      returning l.run_id`,
    values: [environmentId],
  };
}
