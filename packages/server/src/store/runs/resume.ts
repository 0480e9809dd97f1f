import type { ResumedRun } from "../../engine/ports.ts";
import { keysOf } from "../by-key.ts";
import type { Rows, Statement } from "../db.ts";
import { nextOpening, scopeOf } from "./lanes.ts";
import { readWaitResults, waitResultsOfResumed } from "./wait-results.ts";

/** Whether {@link resumeAtOnce} got the environment's lock; SQL. */
const hasLock = "current_setting('pawl.has_lock', true)";

/**
 * Gives runs of a host their slot again whose wait is over, the longest over first, under the limits of environment and queues. A
 * pause keeps runs from starting; those that have started go on. Comes after `lockEnvironment` in one transaction; `waitResultsOfResumed`
 * may follow. Locks: the resumed rows, in the order of their ids.
 *
 * @param environmentId - the environment
 * @param hostId - the host
 * @param connection - the connection that it is for; null for whichever the host has
 * @param isTried - whether {@link resumeAtOnce} may have not got the lock
 * @returns the statement; its rows are run_id and fence of each run that goes on, or one with neither, `is_full`, whether the
 *   environment's limit kept others back, and `opens_in_ms`, when the next lane that a rate has closed opens
 */
export function resumeRuns(
  environmentId: string,
  hostId: string,
  connection: number | null,
  isTried = false,
): Statement {
  return {
    name: isTried ? "runs_resume_at_once" : "runs_resume",
    text: `
      with ${scopeOf("$3")},
      over as materialized (
        select l.run_id, l.queue_name, l.concurrency_key, l.booked_at
        from live_run l
        where l.environment_id = $1::uuid and l.booked_at is not null and not l.holds_slot
          and l.booked_at >= (select resuming_from from scope) and l.host_id is not distinct from $2::uuid
          ${isTried ? `and ${hasLock} = 'yes'` : ""}
      ),
      limits as materialized (
        select o.*, coalesce(q.limit_override, q.concurrency_limit) as key_limit, q.combined_limit
        from over o
        left join lateral (
          select * from queue where queue.environment_id = $1::uuid and queue.name = o.queue_name offset 0
        ) q on true
      ),
      key_room as materialized (
        select k.queue_name, k.concurrency_key, k.key_limit - (
          select count(*) from live_run l
          where l.environment_id = $1::uuid and l.queue_name = k.queue_name and l.concurrency_key = k.concurrency_key
            and l.is_limited and l.holds_slot and l.booked_at >= (select booked_from from scope)
        ) as runs
        from (select distinct queue_name, concurrency_key, key_limit from limits where key_limit is not null) k
      ),
      queue_room as materialized (
        select q.queue_name, q.combined_limit - (
          select count(*) from live_run l
          where l.environment_id = $1::uuid and l.queue_name = q.queue_name and l.is_limited and l.holds_slot
            and l.booked_at >= (select booked_from from scope)
        ) as runs
        from (select distinct queue_name, combined_limit from limits where combined_limit is not null) q
      ),
      room as materialized (
        select s.concurrency_limit - (
          select count(*) from live_run l
          where l.environment_id = $1::uuid and l.holds_slot and l.booked_at >= (select booked_from from scope)
        ) as left_over
        from scope s where exists (select from over)
      ),
      in_key as (
        select *, row_number() over (partition by queue_name, concurrency_key order by booked_at, run_id) as key_place
        from limits
      ),
      in_queue as (
        select k.*, row_number() over (partition by k.queue_name order by k.booked_at, k.run_id) as queue_place
        from in_key k
        left join key_room r on r.queue_name = k.queue_name and r.concurrency_key = k.concurrency_key
        where k.key_limit is null or k.key_place <= r.runs
      ),
      allowed as materialized (
        select q.*, row_number() over (order by q.booked_at, q.run_id) as overall_place
        from in_queue q
        left join queue_room r on r.queue_name = q.queue_name
        where q.combined_limit is null or q.queue_place <= r.runs
      ),
      chosen as materialized (
        select array_agg(run_id) filter (where overall_place <= (select left_over from room)) as run_ids,
               coalesce(bool_or(overall_place > (select left_over from room)), false) as is_full,
               array_agg(distinct queue_name) filter (where key_limit is not null or combined_limit is not null) as limited_queues
        from allowed
      ),
      resumed as (
        update live_run l
        set state = 'executing', holds_slot = true, booked_at = greatest(statement_timestamp(), (select booked_from from scope)),
            is_limited = coalesce(l.queue_name = any ((select limited_queues from chosen)::text[]), false)
        from ${keysOf("(select run_ids from chosen)::uuid[]")} k
        where l.environment_id = k.environment_id and l.run_id = k.id and l.state = 'resuming'
          and l.host_id is not distinct from $2::uuid
        returning l.run_id, l.fence
      ),
      noted as materialized (
        select set_config('pawl.resumed', string_agg(run_id::text, ','), true) from resumed having count(*) > 0
      )
      select (select true from noted) as is_noted, r.run_id, r.fence, c.is_full,
             extract(epoch from ${nextOpening("(select opens_from from scope)")} - statement_timestamp())::float8 * 1000 as opens_in_ms
      from chosen c left join resumed r on true`,
    values: [environmentId, hostId, connection],
  };
}

/**
 * Joins the rows of {@link resumeRuns} and of `waitResultsOfResumed`.
 *
 * @param rows - of the one
 * @param waitRows - of the other
 * @returns the runs that go on
 */
export function resumedRuns(rows: Rows, waitRows: Rows): readonly ResumedRun[] {
  const waits = readWaitResults(waitRows);
  return rows.flatMap(({ run_id, fence }) =>
    run_id === null ? [] : [{ runId: String(run_id), fence: Number(fence), waits: waits.get(String(run_id)) ?? [] }],
  );
}

/**
 * Lets runs of a host go on in the transaction that ended their waits, as a claim would. The environment's lock comes after others
 * here: so it is tried, and not waited for. Where somebody has it, or no wait has ended, these do nothing, and a claim has to follow.
 * Comes after `resumeWaiters`. Locks: the environment, the resumed rows.
 *
 * @param environmentId - the environment
 * @param hostId - the host
 * @param connection - the connection that it is for
 * @returns the statements; the rows of the last two are those of {@link resumeRuns} and of the waits' results
 */
export function resumeAtOnce(environmentId: string, hostId: string, connection: number): readonly Statement[] {
  return [
    {
      name: "environment_try_lock",
      text: `
        select set_config('pawl.has_lock', 'yes', true)
        where case
          when current_setting('pawl.completed', true) <> '' then pg_try_advisory_xact_lock(hashtextextended($1, 0)) else false
        end`,
      values: [environmentId],
    },
    resumeRuns(environmentId, hostId, connection, true),
    waitResultsOfResumed(environmentId),
  ];
}
