import type { Statement } from "../db.ts";
import { anyVersion } from "./lane-wake.ts";

/** How often the bounds of an environment move on, in milliseconds. */
export const boundsEveryMs = 500;

/** The row of `dispatch` of the environment $1, found from the newest end: entries of its older versions are never walked over. */
const dispatchRow = `
  select d.ctid as place, d.* from dispatch d where d.environment_id = $1::uuid order by d.updated_at desc limit 1`;

/**
 * The common table expression `scope`, of one row: the limit of environment $1, its current version, and where its claims begin to
 * look. It has none where the environment is unknown, or where host $2 has come again since the connection that is claimed for:
 * nothing is claimed then.
 *
 * @param connection - the parameter with the number of the connection, or null for whichever it is, such as `$3`
 * @returns the SQL
 */
export function scopeOf(connection: string): string {
  return `
  scope as materialized (
    select e.concurrency_limit, e.is_paused, e.env_vars_version, v.id as current_version_id, d.booked_from, d.resuming_from, d.served_from,
           d.opens_from, d.woken_from, d.updated_at not between
             statement_timestamp() - interval '${2 * boundsEveryMs} milliseconds' and statement_timestamp() as is_old
    from environment e
    left join version v on v.environment_id = e.id and v.is_current
    left join lateral (${dispatchRow}) d on true
    where e.id = $1::uuid and (${connection}::int is null or ${connection}::int = (select connection from host where id = $2::uuid))
  )`;
}

/** The version of a row of `live_run l` as its lane has it. */
export const laneVersion = `coalesce(l.version_id, '${anyVersion}'::uuid)`;

/**
 * Looks up the lane of a row by its key, and by nothing else whatever the statistics say.
 *
 * @param row - alias of a row with queue_name, concurrency_key and version_id
 * @returns the SQL of a lateral subquery
 */
function laneOf(row: string): string {
  return `(
          select l.ctid as place, l.standing, l.head_at, l.served_at from lane l
          where l.environment_id = $1::uuid and l.queue_name = ${row}.queue_name and l.concurrency_key = ${row}.concurrency_key
            and l.version_id = ${row}.version_id offset 0)`;
}

/** So many of a queue's closed lanes are looked at again when one of its slots comes free. */
const reopenedLanes = 10;

/** So many lanes that a rate had closed are looked at again by one claim; the next follows at once where more are due. */
const openedLanes = 50;

/**
 * Reads when the next lane that a rate has closed opens.
 *
 * @param from - the bound `opens_from` of the environment; SQL
 * @param environmentId - the environment; SQL
 * @returns the SQL of a subquery: a time, or null
 */
export function nextOpening(from: string, environmentId = "$1::uuid"): string {
  return `(
    select lane.opens_at from lane
    where lane.environment_id = ${environmentId} and lane.standing = 'at_rate' and lane.opens_at >= coalesce(${from}, '-infinity')
    order by lane.opens_at limit 1)`;
}

/**
 * Reads what was left in `lane_wake` since the last claim, and opens those lanes; moves the bounds of the environment on when they
 * are old. Comes after `lockEnvironment` and before all that chooses runs, in one transaction. Locks: the rows it reads and
 * changes, which nobody waits for.
 *
 * A queued run opens an empty lane or makes one; a lane that a limit or a pause has closed stays so. A new lane stands as if it
 * had been served a minute ago, or before all others: its first run is next, yet many new keys can't starve the old ones. A freed slot opens the lanes of its
 * queue and key, and some of those that the limit of the whole queue has closed. Those that a rate has closed open by time alone, and with
 * them some of those that were closed with their queue, since its keys share the rate.
 *
 * @param environmentId - the environment
 * @returns the statement; it has no rows
 */
export function openLanes(environmentId: string): Statement {
  return {
    name: "lanes_open",
    text: `
      with last as materialized (
        select d.*, d.updated_at is null or d.updated_at not between
                 statement_timestamp() - interval '${boundsEveryMs} milliseconds' and statement_timestamp() as is_old
        from (select) one left join lateral (${dispatchRow}) d on true
      ),
      bounds as materialized (
        select place, is_old, coalesce(woken_from, '-infinity') as woken_from,
               case when not is_old then booked_from else coalesce((
                 select min(r.booked_at) from live_run r
                 where r.environment_id = $1::uuid and r.holds_slot and r.booked_at >= coalesce(last.booked_from, '-infinity')
               ), statement_timestamp()) end as booked_from,
               case when not is_old then resuming_from else least((
                 select min(r.booked_at) from live_run r
                 where r.environment_id = $1::uuid and r.booked_at is not null and not r.holds_slot
                   and r.booked_at >= coalesce(last.resuming_from, '-infinity')
               ), statement_timestamp() - interval '1 minute') end as resuming_from,
               case when not is_old then served_from else coalesce((
                 select min(l.served_at) from lane l
                 where l.environment_id = $1::uuid and l.standing = 'ready'
                   and l.served_at >= coalesce(last.served_from, '-infinity')
               ), statement_timestamp()) - interval '1 millisecond' end as served_from,
               case when not is_old then opens_from
                    else least(${nextOpening("last.opens_from")}, statement_timestamp()) end as opens_from
        from last
      ),
      moved as (
        update dispatch d
        set booked_from = b.booked_from, resuming_from = b.resuming_from, served_from = b.served_from, opens_from = b.opens_from,
            woken_from = statement_timestamp() - interval '5 seconds', updated_at = statement_timestamp()
        from bounds b where b.is_old and d.ctid = b.place
      ),
      begun as (
        insert into dispatch (environment_id, booked_from, resuming_from, served_from, opens_from, woken_from, updated_at)
        select $1::uuid, booked_from, resuming_from, served_from, opens_from, statement_timestamp() - interval '5 seconds',
               statement_timestamp()
        from bounds where place is null
      ),
      word as (
        delete from lane_wake w
        where w.environment_id = $1::uuid and w.at >= (select woken_from from bounds)
        returning w.queue_name, w.concurrency_key, w.version_id, w.order_at
      ),
      ready as materialized (
        select l.queue_name, l.concurrency_key, l.version_id, l.head_at from lane l
        where l.environment_id = $1::uuid and l.standing = 'ready' and l.served_at >= (select served_from from bounds)
        order by l.served_at limit 200
      ),
      freed as materialized (
        select distinct queue_name, concurrency_key from word where order_at is null
      ),
      due as materialized (
        select l.queue_name, l.concurrency_key, l.version_id from lane l
        where l.environment_id = $1::uuid and l.standing = 'at_rate' and l.opens_at >= (select opens_from from bounds)
          and l.opens_at <= statement_timestamp()
        order by l.opens_at limit ${openedLanes}
      ),
      news as (
        select w.queue_name, w.concurrency_key, w.version_id, w.order_at, false as is_freed
        from word w
        where w.order_at is not null and not exists (
          select from ready r
          where r.queue_name = w.queue_name and r.concurrency_key = w.concurrency_key and r.version_id = w.version_id
            and r.head_at <= w.order_at)
        union all
        select f.queue_name, f.concurrency_key, l.version_id, null, true
        from freed f
        cross join lateral (
          select l.version_id from lane l
          where l.environment_id = $1::uuid and l.queue_name = f.queue_name and l.concurrency_key = f.concurrency_key
            and l.standing = 'at_limit' offset 0
        ) l
        union all
        select f.queue_name, l.concurrency_key, l.version_id, null, true
        from (select queue_name from freed union select queue_name from due) f
        cross join lateral (
          select l.concurrency_key, l.version_id from lane l
          where l.environment_id = $1::uuid and l.queue_name = f.queue_name and l.standing = 'queue_closed'
            and not (select q.is_paused from queue q where q.environment_id = $1::uuid and q.name = f.queue_name)
          order by l.served_at limit ${reopenedLanes}
        ) l
        union all
        select queue_name, concurrency_key, version_id, null, true from due
      ),
      lane_news as materialized (
        select n.*, l.place, l.standing, l.head_at, l.served_at
        from (
          select queue_name, concurrency_key, version_id, min(order_at) as order_at, bool_or(is_freed) as is_freed
          from news group by 1, 2, 3
        ) n
        left join lateral ${laneOf("n")} l on true
      ),
      opened as (
        update lane l
        set head_at = least(n.head_at, n.order_at),
            standing = case when n.is_freed or n.standing = 'empty' then 'ready' else n.standing end,
            opens_at = case when not n.is_freed then l.opens_at end,
            served_at = greatest(n.served_at, (select served_from from bounds))
        from lane_news n
        where l.ctid = n.place and (n.is_freed or n.standing = 'empty' or n.head_at > n.order_at
          or n.served_at < (select served_from from bounds))
      )
      insert into lane (environment_id, queue_name, concurrency_key, version_id, standing, head_at, served_at)
      select $1::uuid, queue_name, concurrency_key, version_id, 'ready', order_at,
             greatest(statement_timestamp() - interval '1 minute', (select served_from from bounds))
      from lane_news where place is null and order_at is not null`,
    values: [environmentId],
  };
}
