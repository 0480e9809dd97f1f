import type { ClaimRequest } from "../../engine/ports.ts";
import { plainArray, type Statement } from "../db.ts";
import { readBuckets, spendTokens } from "./claim-rates.ts";
import { selectClaimed, takeChosen } from "./claimed-run.ts";
import { anyVersion } from "./lane-wake.ts";
import { laneVersion, scopeOf } from "./lanes.ts";

/** A claim looks at twice as many ready lanes as it wants runs, within these bounds. */
const fewestLanes = 20;
const mostLanes = 200;

/** With so few lanes ready, one that has nothing stays open for a while: what is queued there next needs no word to open it. */
export const calmLanes = 8;

/**
 * Reads the ready lanes that the host can serve, those that were served longest ago first.
 *
 * @param limit - how many; SQL
 * @returns the SQL of a lateral subquery, for a statement with `scope s` and the host's versions as $3
 */
export function readyLanes(limit: string): string {
  return `(
      select lane.ctid as place, lane.queue_name, lane.concurrency_key, lane.version_id, lane.head_at, lane.served_at
      from lane
      where not s.is_paused and lane.environment_id = $1::uuid and lane.standing = 'ready' and lane.served_at >= s.served_from
        and coalesce(nullif(lane.version_id, '${anyVersion}'), s.current_version_id) = any ($3::uuid[])
      order by lane.served_at limit ${limit}
    )`;
}

/**
 * The common table expression `walked`: the ready lanes that the host can serve, those that were served longest ago first.
 *
 * @param limit - how many; SQL
 * @returns the SQL, for a statement with `scope` and the host's versions as $3
 */
export function walkLanes(limit: string): string {
  return `
  walked as materialized (
    select l.*, row_number() over (order by l.served_at) as turn, coalesce(q.is_paused, false) as is_paused,
           coalesce(q.limit_override, q.concurrency_limit) as key_limit, q.combined_limit,
           q.interval_ms, q.burst, q.combined_interval_ms, q.combined_burst
    from scope s
    cross join lateral ${readyLanes(limit)} l
    left join lateral (
      select * from queue where queue.environment_id = $1::uuid and queue.name = l.queue_name offset 0
    ) q on true
  )`;
}

/**
 * Reads the first runs of a lane.
 *
 * @param lane - alias of the lane, with head_at
 * @param limit - how many; SQL
 * @returns the SQL of a lateral subquery with run_id, order_at and the run's place in the lane
 */
export function headOf(lane: string, limit: string): string {
  return `(
      select l.run_id, l.order_at, row_number() over (order by l.order_at, l.run_id) as place
      from live_run l
      where l.environment_id = $1::uuid and l.queue_name = ${lane}.queue_name and l.concurrency_key = ${lane}.concurrency_key
        and ${laneVersion} = ${lane}.version_id and l.order_at is not null and l.order_at >= ${lane}.head_at
      order by l.order_at, l.run_id
      limit ${limit}
    )`;
}

/**
 * The common table expression `sibling`: of the keys in `walked` that execute one run at a time, the ready lanes of other versions
 * that were not walked, so that the first run of all of them is seen. Lanes are looked up by their key alone: a plan that was made
 * while there were none takes no other index then.
 */
const siblings = `
  sibling as materialized (
    select l.place, l.queue_name, l.concurrency_key, l.version_id, l.head_at, l.served_at,
           1000000 + row_number() over () as turn, k.is_paused, k.key_limit, k.combined_limit,
           k.interval_ms, k.burst, k.combined_interval_ms, k.combined_burst
    from (
      select distinct queue_name, concurrency_key, is_paused, key_limit, combined_limit, interval_ms, burst,
             combined_interval_ms, combined_burst
      from walked where turn <= $7::int and least(key_limit, combined_limit) <= 1
    ) k
    cross join lateral (
      select lane.ctid as place, lane.* from lane
      where lane.environment_id = $1::uuid and lane.queue_name = k.queue_name and lane.concurrency_key = k.concurrency_key
      offset 0
    ) l
    where l.standing = 'ready'
      and coalesce(nullif(l.version_id, '${anyVersion}'), (select current_version_id from scope)) = any ($3::uuid[])
      and (l.queue_name, l.concurrency_key, l.version_id) not in (
        select queue_name, concurrency_key, version_id from walked where turn <= $7::int)
  )`;

/**
 * The common table expression `room`: the lanes to look at with what the limits leave, and how many runs to read of each. Slots
 * are counted from the rows; runs that wait to take their slot again count with those that hold one, and so come before new
 * ones.
 */
const room = `
  ready as materialized (
    select *, (select count(*) from walked)::int as ready_lanes,
           coalesce(least(key_limit, combined_limit) <= 1, false) as is_ordered
    from (select * from walked where turn <= $7::int union all select * from sibling) l
  ),
  keeper as materialized (
    select o.queue_name, o.concurrency_key, k.run_id, k.stands_at
    from (select distinct queue_name, concurrency_key from ready where is_ordered) o
    cross join lateral (
      select l.run_id, coalesce(l.order_at, l.claimed_order_at) as stands_at from live_run l
      where l.environment_id = $1::uuid and l.queue_name = o.queue_name and l.concurrency_key = o.concurrency_key
        and l.keeps_place
      order by stands_at, l.run_id limit 1
    ) k
  ),
  ${readBuckets},
  resuming as materialized (
    select l.queue_name, l.concurrency_key, count(*)::int as runs from live_run l
    where l.environment_id = $1::uuid and l.booked_at is not null and not l.holds_slot
      and l.booked_at >= (select resuming_from from scope)
    group by 1, 2
  ),
  whole as materialized (
    select s.concurrency_limit - coalesce((select sum(runs) from resuming), 0)::int - (
      select count(*) from live_run l
      where l.environment_id = $1::uuid and l.holds_slot and l.booked_at >= (select booked_from from scope)
    )::int as left_over
    from scope s where exists (select from ready)
  ),
  queue_room as materialized (
    select q.queue_name, q.combined_limit - (
      select count(*) from live_run l
      where l.environment_id = $1::uuid and l.queue_name = q.queue_name and l.is_limited and l.holds_slot
        and l.booked_at >= (select booked_from from scope)
    )::int - coalesce((select sum(r.runs) from resuming r where r.queue_name = q.queue_name), 0)::int as queue_room
    from (select distinct queue_name, combined_limit from ready where combined_limit is not null) q
  ),
  counted as (
    select r.*, (select q.queue_room from queue_room q where q.queue_name = r.queue_name) as queue_room,
           case when r.key_limit is not null then r.key_limit - (
             select count(*) from live_run l
             where l.environment_id = $1::uuid and l.queue_name = r.queue_name and l.concurrency_key = r.concurrency_key
               and l.is_limited and l.holds_slot and l.booked_at >= (select booked_from from scope)
           )::int - coalesce((
             select k.runs from resuming k where k.queue_name = r.queue_name and k.concurrency_key = r.concurrency_key
           ), 0) end as key_room,
           case when r.interval_ms is not null then (
             select b.tokens from key_bucket b where b.queue_name = r.queue_name and b.concurrency_key = r.concurrency_key
           ) end as key_tokens,
           case when r.combined_interval_ms is not null then (
             select b.tokens from queue_bucket b where b.queue_name = r.queue_name
           ) end as queue_tokens,
           coalesce(least(r.key_limit, r.combined_limit) > $6::int, true)
             and r.interval_ms is null and r.combined_interval_ms is null as may_be_ahead
    from ready r
  ),
  room as materialized (
    select c.*, case
      when c.is_paused or not ($4::int > 0 or c.may_be_ahead) then 0
      else greatest(0, least(c.key_room, c.key_tokens, c.queue_room, c.queue_tokens, (select left_over from whole), case
        when c.ready_lanes = 1 then $4::int + $5::int
        else ceil(2.0 * ($4::int + $5::int) / c.ready_lanes)::int + 1
      end)) end as to_read
    from counted c
  )`;

/**
 * The runs to claim: the first of each lane, then the second of each, as far as limits and rates of key, queue and environment leave
 * room. Where one run of a key may execute, it is the first of all the key's lanes, and none that stands behind a run that keeps
 * its place.
 */
const chosen = `
  head as materialized (
    select r.turn, r.queue_name, r.concurrency_key, r.is_ordered, least(r.key_room, r.key_tokens) as key_room,
           least(r.queue_room, r.queue_tokens) as queue_room, r.may_be_ahead, h.*,
           r.is_ordered and coalesce((
             select (h.order_at, h.run_id) > (k.stands_at, k.run_id) from keeper k
             where k.queue_name = r.queue_name and k.concurrency_key = r.concurrency_key
           ), false) as is_kept_back
    from room r cross join lateral ${headOf("r", "r.to_read")} h
  ),
  in_key as (
    select *, row_number() over (
             partition by queue_name, concurrency_key
             order by case when is_ordered then order_at end, case when is_ordered then run_id end, place, turn
           ) as key_place
    from head where not is_kept_back
  ),
  in_queue as (
    select *, row_number() over (partition by queue_name order by place, turn) as queue_place from in_key
    where key_room is null or key_place <= key_room
  ),
  ranked as (
    select *, row_number() over (order by place, turn) as rank from in_queue
    where queue_room is null or queue_place <= queue_room
  ),
  picked as materialized (
    select run_id, turn, rank from ranked
    where rank <= $4::int or may_be_ahead
    order by rank limit greatest(0, least($4::int + $5::int, (select left_over from whole)))
  ),
  chosen as materialized (
    select array_agg(run_id) filter (where rank <= $4::int and not $9::boolean) as direct,
           array_agg(run_id) filter (where rank > $4::int or $9::boolean) as ahead
    from picked
  ),
  limited as materialized (
    select array_agg(distinct queue_name) as queue_names from room where key_limit is not null or combined_limit is not null
  )`;

/** So many lanes of a queue whose keys share a rate wait for its next token; the others are closed with the queue, and opened in turn. */
const lanesAtRate = 10;

/**
 * What became of the lanes: those that have nothing left, or may give nothing, are closed, and those that were served move back. One
 * without a token is closed until it has some; one whose runs stand behind another that keeps its place is at its limit.
 */
const settledLanes = `
  got as materialized (
    select queue_name, concurrency_key, count(*)::int as got from claimed group by 1, 2
  ),
  ${spendTokens},
  lane_heads as (
    select h.turn, count(*)::int as seen, coalesce(p.chosen, 0) as chosen, p.last_rank,
           min(h.order_at) filter (where h.place > coalesce(p.chosen, 0)) as next_at, max(h.order_at) as last_at,
           bool_or(h.is_kept_back) as is_kept_back
    from head h
    left join (select turn, count(*)::int as chosen, max(rank) as last_rank from picked group by 1) p on p.turn = h.turn
    group by h.turn, p.chosen, p.last_rank
  ),
  looked_at as (
    select r.*, coalesce(h.seen, 0) as seen, coalesce(h.chosen, 0) as chosen, h.next_at, h.last_at, h.last_rank,
           coalesce(h.is_kept_back, false) as is_kept_back,
           case when not r.is_paused then greatest((
             select s.opens_at from spent_keys s where s.queue_name = r.queue_name and s.concurrency_key = r.concurrency_key
           ), (select s.opens_at from spent_queues s where s.queue_name = r.queue_name)) end as opens_at,
           exists (
             select from spent_queues s where s.queue_name = r.queue_name and s.opens_at is not null
           ) and row_number() over (partition by r.queue_name order by r.turn) > ${lanesAtRate} as is_one_of_many,
           coalesce(h.seen, 0) < r.to_read and coalesce(h.chosen, 0) = coalesce(h.seen, 0) as is_empty,
           r.key_room - coalesce((
             select g.got from got g where g.queue_name = r.queue_name and g.concurrency_key = r.concurrency_key
           ), 0) as key_left,
           r.queue_room - coalesce((select sum(g.got) from got g where g.queue_name = r.queue_name), 0) as queue_left
    from room r left join lane_heads h on h.turn = r.turn
  ),
  judged as materialized (
    select *,
           case
             when chosen > 0 and (ready_lanes > 1 or served_at < greatest(statement_timestamp() - interval '1 second', (select served_from from scope) + interval '1 microsecond'))
             then greatest(statement_timestamp(), (select served_from from scope)) + last_rank * interval '1 microsecond'
             else served_at
           end as new_served_at,
           coalesce(next_at, last_at, head_at) as new_head_at,
           case
             when opens_at is not null then case when is_one_of_many then 'queue_closed' else 'at_rate' end
             when not is_paused and ready_lanes <= ${calmLanes}
               and (chosen > 0 or served_at > statement_timestamp() - interval '2 seconds') then 'ready'
             when is_paused or queue_left <= 0 then 'queue_closed'
             when key_left <= 0 or is_kept_back then 'at_limit'
             when is_empty then 'empty'
             else 'ready'
           end as new_standing,
           not is_paused and opens_at is null and not is_kept_back and coalesce(least(key_left, queue_left) > 0, true) as is_open
    from looked_at
  ),
  -- Queues with a token for lanes that were closed with them, since those that were looked at had no run for it.
  unspent as materialized (
    select s.queue_name from spent_queues s
    where s.opens_at is null
      and not exists (select from judged j where j.queue_name = s.queue_name and (j.is_paused or j.queue_left <= 0))
      and exists (
        select from lane
        where lane.environment_id = $1::uuid and lane.queue_name = s.queue_name and lane.standing = 'queue_closed')
  ),
  reopening as (
    insert into lane_wake (environment_id, queue_name, concurrency_key) select $1::uuid, queue_name, '' from unspent
  ),
  settled as (
    update lane
    set standing = j.new_standing, head_at = j.new_head_at, served_at = j.new_served_at,
        opens_at = case when j.new_standing = 'at_rate' then j.opens_at end
    from judged j
    where lane.ctid = j.place
      and (j.new_standing <> 'ready' or j.new_served_at <> j.served_at
        or j.new_head_at > j.head_at + interval '250 milliseconds')
  )`;

/** What to say of the claim as a whole. It has more if a further claim at once would claim runs, or close lanes on its way to some. */
const flags = `
  total as materialized (
    select (select count(*) from claimed)::int as got, (select count(*) from picked)::int as picked,
           coalesce(max(ready_lanes) > $7::int, false) as has_unwalked,
           coalesce(bool_or(new_standing <> 'ready'), false) as has_closed,
           coalesce(bool_or(seen > 0 and seen = to_read and chosen = seen and is_open), false) as has_unread,
           coalesce(bool_or(is_open and not is_empty), false) as has_open,
           coalesce(bool_and(key_limit is null and combined_limit is null and interval_ms is null
               and combined_interval_ms is null and not is_paused), true)
             and coalesce(max(ready_lanes) <= ${calmLanes}, true) as is_plain,
           extract(epoch from min(opens_at) - statement_timestamp())::float8 * 1000 as opens_in_ms
    from judged
  ),
  flags as materialized (
    select got >= $4::int + $5::int
             or not is_full and (got < picked or has_unread or has_unwalked and (got > 0 or has_closed)
               or exists (select from unspent)) as has_more,
           is_full, is_plain, opens_in_ms, (select env_vars_version from scope) as env_vars_version
    from (select *, has_open and got >= (select left_over from whole) as is_full from total) t
  )`;

/**
 * Claims queued runs, one of each lane in turn, under the limits of environment and queues; the first `direct` of them are
 * started by the claim itself. Comes after `lockEnvironment` and `openLanes` in one transaction. Locks: the claimed rows, in the
 * order of their ids; buckets, which nobody waits for. A finish that commits meanwhile only leaves room.
 *
 * @param request - how many runs, and for which host
 * @returns the statement; its rows are those of `selectClaimed` with `has_more`, `is_full`, `is_plain`, whether it needed no more
 *   than `claimPlainRuns`, and `opens_in_ms`, when the next lane opens that it closed for want of a token
 */
export function claimRuns(request: ClaimRequest): Statement {
  return {
    name: "runs_claim",
    text: `
      with ${scopeOf("$8")}, ${walkLanes("$7::int + 1")}, ${siblings}, ${room}, ${chosen},
      ${takeChosen("coalesce(l.queue_name = any ((select queue_names from limited)::text[]), false)")},
      ${settledLanes}, ${flags}
      ${selectClaimed("flags")}`,
    values: [
      request.environmentId,
      request.hostId,
      plainArray(request.versionIds),
      request.direct,
      request.ahead,
      request.processes,
      Math.min(mostLanes, Math.max(fewestLanes, 2 * (request.direct + request.ahead))),
      request.connection ?? null,
      request.startsLater ?? false,
    ],
  };
}
