import type { Failure } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";
import { hasHooks } from "./end-hooks.ts";
import { cancelled, finishEnded, noteAwaitedOf, noteClosingOf } from "./finish.ts";
import { claims, claimValues, heldBy } from "./held-by.ts";
import { isOrdered, wakeFreedLanesOf, wakeLanesOf } from "./lane-wake.ts";

/**
 * Records failed attempts. A run with an attempt left, whose error allows one, is queued again, delayed until its next attempt,
 * or begins it in place, with the same claim, unless its queue has a rate, which counts attempts; any other is finished. In a queue
 * that executes one run of a key at a time it keeps its place. One that somebody cancelled ends as canceled. The next attempt begins
 * without waits. `completeAwaited` has to follow in the transaction. Locks: the live rows, in the order of their ids, then the run rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param failures - the runs, with their errors
 * @returns the statement; its rows are the runs it found, with `state` null for finished ones, `due_in_ms` for delayed ones, and
 *   `is_kept` for those that go on under their claim
 */
export function failRuns(environmentId: string, hostId: string, failures: readonly Failure[]): Statement {
  return {
    name: "runs_fail",
    text: `
      with locked as materialized (
        select l.*, c.place
        from ${claims} join live_run l on ${heldBy}
        where l.state in ('executing', 'waiting', 'resuming', 'cancelling')
        order by l.run_id
        for update of l
      ),
      -- A report that is repeated tells of an attempt in place again: its run has left that attempt behind.
      repeated as (
        select run_id from locked where ($10::int[])[place] < attempt
      ),
      failed as materialized (
        select environment_id, run_id, task_id, state, queue_name, concurrency_key, booked_at, is_limited, is_awaited,
               awaited_batch_id, attempt, version_id, started_at, attempt_started_at, keeps_place,
               duration_ms + ($7::float8[])[place] as duration_ms,
               case when state = 'cancelling' then $11 else ($5::text[])[place] end as error,
               case when state = 'cancelling' then 'canceled' else ($6::text[])[place] end as outcome,
               case when state <> 'cancelling' then ($12::text[])[place] end as uncalled_hook,
               ($8::float8[])[place] as retry_delay_ms,
               ($8::float8[])[place] is not null and attempt < max_attempts and state <> 'cancelling' as is_retried,
               ($9::boolean[])[place] and state = 'executing' and not exists (
                 select from queue q
                 where q.environment_id = $1::uuid and q.name = locked.queue_name
                   and coalesce(q.interval_ms, q.combined_interval_ms) is not null
               ) as is_in_place
        from locked where ($10::int[])[place] is null or ($10::int[])[place] >= attempt
      ),
      retried_attempt as (
        insert into attempt (environment_id, run_id, number, version_id, started_at, failed_at, error)
        select $1::uuid, run_id, attempt, version_id, attempt_started_at, now(), error from failed where is_retried
      ),
      in_place as (
        update live_run l
        set attempt = l.attempt + 1, attempt_started_at = now(), duration_ms = f.duration_ms, is_recovering = false
        from failed f
        where f.is_retried and f.is_in_place and l.environment_id = f.environment_id and l.run_id = f.run_id
        returning l.run_id
      ),
      retried as (
        update live_run l
        set state = case when f.retry_delay_ms > 0 then 'delayed' else 'queued' end,
            due_at = case when f.retry_delay_ms > 0 then now() + f.retry_delay_ms * interval '1 millisecond' end,
            order_at = case when f.retry_delay_ms > 0 then null when f.is_ordered then coalesce(l.claimed_order_at, now()) else now() end,
            claimed_order_at = case when f.retry_delay_ms > 0 and f.is_ordered then coalesce(l.claimed_order_at, now()) end,
            keeps_place = f.is_ordered, host_id = null, holds_slot = false, booked_at = null, attempt_started_at = null,
            duration_ms = f.duration_ms, is_recovering = false
        from (select *, ${isOrdered("failed")} as is_ordered from failed) f
        where f.is_retried and not f.is_in_place and l.environment_id = f.environment_id and l.run_id = f.run_id
        returning l.environment_id, l.run_id, l.state, l.queue_name, l.concurrency_key, l.version_id, l.order_at,
                  nullif(f.retry_delay_ms, 0) as due_in_ms, f.booked_at, f.is_limited
      ),
      queued as (
        select * from retried where state = 'queued'
      ),
      woken as (${wakeLanesOf("queued")}
      ),
      freed_by_retry as (${wakeFreedLanesOf("retried")}
      ),
      ended as (
        select * from failed where not is_retried
      ),
      ${finishEnded},
      ${noteClosingOf("failed")},
      ${noteAwaitedOf("ended")}
      select o.*, ${hasHooks} from (
        select run_id, state, due_in_ms, false as is_kept, booked_at is not null and is_limited as has_freed from retried
        union all
        select run_id, 'executing', null, true, false from in_place
        union all
        select run_id, 'executing', null, true, false from repeated
        union all
        select f.run_id, null, null, false, f.has_freed from finished f cross join noted
      ) o cross join closing`,
    values: [
      ...claimValues(environmentId, hostId, failures),
      textArray(failures.map((failure) => JSON.stringify(failure.error))),
      textArray(failures.map((failure) => failure.outcome)),
      plainArray(failures.map((failure) => failure.durationMs)),
      plainArray(failures.map((failure) => failure.retryDelayMs)),
      plainArray(failures.map((failure) => failure.isRetriedInPlace)),
      plainArray(failures.map((failure) => failure.attempt ?? null)),
      JSON.stringify(cancelled),
      textArray(failures.map((failure) => failure.uncalledHook ?? null)),
    ],
  };
}
