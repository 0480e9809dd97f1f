import type { ClaimRequest } from "../../engine/ports.ts";
import { plainArray, type Statement } from "../db.ts";
import { calmLanes, headOf, walkLanes } from "./claim-lanes.ts";
import { selectClaimed, takeChosen } from "./claimed-run.ts";
import { nextOpening, scopeOf } from "./lanes.ts";

/**
 * Claims queued runs where nothing but the environment's limit holds any back, as is so for most claims: few lanes are ready,
 * none of them has a limit or a rate or is paused, none that a rate had closed is to open, no run waits to take its slot again and no lane has to be opened. Else it changes nothing and says
 * so; then `openLanes`, `resumeRuns` and `claimRuns` do the same and more. Comes after `lockEnvironment` in one transaction. Locks: the claimed
 * rows, in the order of their ids.
 *
 * @param request - how many runs, and for which host
 * @returns the statement; its rows are those of `claimRuns`
 */
export function claimPlainRuns(request: ClaimRequest): Statement {
  return {
    name: "runs_claim_plain",
    text: `
      with ${scopeOf("$6")}, ${walkLanes(`${calmLanes + 1}`)},
      word as materialized (
        select w.ctid as place, w.queue_name, w.concurrency_key, w.version_id, w.order_at from lane_wake w
        where w.environment_id = $1::uuid and w.at >= (select woken_from from scope)
      ),
      opening as materialized (
        select ${nextOpening("(select opens_from from scope)")} as opens_at
      ),
      verdict as materialized (
        select not coalesce(s.is_old, true) and not s.is_paused
          and (select count(*) <= ${calmLanes} and coalesce(bool_and(
                 key_limit is null and combined_limit is null and interval_ms is null and combined_interval_ms is null
                 and not is_paused), true) from walked)
          and not coalesce((select opens_at <= statement_timestamp() from opening), false)
          and not exists (
            select from live_run l
            where l.environment_id = $1::uuid and l.booked_at is not null and not l.holds_slot
              and l.booked_at >= (select resuming_from from scope)
          )
          and not exists (
            select from word w
            where not exists (
              select from walked l
              where l.queue_name = w.queue_name and l.concurrency_key = w.concurrency_key and l.version_id = w.version_id
                and l.head_at <= w.order_at)
          ) as is_plain
        from scope s
      ),
      heard as (
        delete from lane_wake w using word where (select is_plain from verdict) and w.ctid = word.place
      ),
      whole as materialized (
        select s.concurrency_limit - (
          select count(*) from live_run l
          where l.environment_id = $1::uuid and l.holds_slot and l.booked_at >= (select booked_from from scope)
        )::int as left_over
        from scope s
      ),
      share as materialized (
        select greatest(0, least((select left_over from whole), case
                 when count(*) = 1 then $4::int + $5::int
                 else ceil(2.0 * ($4::int + $5::int) / count(*))::int + 1
               end)) as to_read
        from walked having count(*) > 0 and (select is_plain from verdict)
      ),
      head as materialized (
        select w.turn, h.*, row_number() over (order by h.place, w.turn) as rank
        from share s cross join walked w cross join lateral ${headOf("w", "s.to_read")} h
      ),
      room as materialized (
        select least($4::int + $5::int, (select left_over from whole)) as runs
      ),
      chosen as materialized (
        select array_agg(run_id) filter (where rank <= $4::int + $8::int and not $7::boolean) as direct,
               array_agg(run_id) filter (where rank > $4::int + $8::int or $7::boolean) as ahead,
               count(*)::int as picked
        from head where rank <= (select runs from room)
      ),
      ${takeChosen("false")},
      judged as materialized (
        select l.place, l.served_at, l.head_at, h.is_unread, h.is_empty,
               coalesce(h.next_at, h.last_at, l.head_at) as new_head_at,
               case
                 when h.last_rank is not null
                   and ((select count(*) from walked) > 1 or l.served_at < greatest(
                     statement_timestamp() - interval '1 second', (select served_from from scope) + interval '1 microsecond'))
                 then greatest(statement_timestamp(), (select served_from from scope)) + h.last_rank * interval '1 microsecond'
                 else l.served_at
               end as new_served_at,
               case when h.seen = 0 and h.is_empty and l.served_at < statement_timestamp() - interval '2 seconds'
                 then 'empty' else 'ready' end as new_standing
        from share s
        cross join walked l
        cross join lateral (
          select count(*) as seen, max(h.rank) filter (where h.rank <= (select runs from room)) as last_rank,
                 min(h.order_at) filter (where h.rank > (select runs from room)) as next_at, max(h.order_at) as last_at,
                 count(*) < s.to_read and coalesce(bool_and(h.rank <= (select runs from room)), true) as is_empty,
                 count(*) = s.to_read and coalesce(bool_and(h.rank <= (select runs from room)), false) as is_unread
          from head h where h.turn = l.turn
        ) h
      ),
      settled as (
        update lane
        set standing = j.new_standing, head_at = j.new_head_at, served_at = j.new_served_at
        from judged j
        where lane.ctid = j.place
          and (j.new_standing <> 'ready' or j.new_served_at <> j.served_at
            or j.new_head_at > j.head_at + interval '250 milliseconds')
      ),
      flags as materialized (
        select (select is_plain from verdict) as is_plain,
               got >= $4::int + $5::int or not is_full and (got < picked or has_unread) as has_more, is_full, (select env_vars_version from scope) as env_vars_version,
               (select extract(epoch from opens_at - statement_timestamp())::float8 * 1000 from opening) as opens_in_ms
        from (
          select *, has_left and got >= (select left_over from whole) as is_full
          from (
            select (select count(*) from claimed) as got, (select picked from chosen) as picked,
                   coalesce(bool_or(is_unread), false) as has_unread, coalesce(bool_or(not is_empty), false) as has_left
            from judged
          ) t
        ) u
      )
      ${selectClaimed("flags")}`,
    values: requestValues(request),
  };
}

/**
 * What a claim asks for, as the parameters $1 to $8 of the statements that claim where nothing but the environment's limit holds runs back.
 *
 * @param request - how many runs, and for which host
 * @returns the values
 */
export function requestValues(request: ClaimRequest): readonly unknown[] {
  return [
    request.environmentId,
    request.hostId,
    plainArray(request.versionIds),
    request.direct,
    request.ahead,
    request.connection ?? null,
    request.startsLater ?? false,
    request.inAdvance ?? 0,
  ];
}
