import { keyed } from "../by-key.ts";
import type { Database, Statement } from "../db.ts";
import { lockEnvironment } from "./claim.ts";
import { laneVersion, nextOpening } from "./lanes.ts";

/** A word that no claim has read, or a run that could go on, for so long: a claim may be missing. */
const forgottenAfter = "10 seconds";

/** A lane that a rate had closed, and that no claim has opened so long after its time: the server that would have may be gone. */
const overdueAfter = "1 second";

/** Runs that have held their slot for so long are booked again, so that counting begins after those that came and went meanwhile. */
const rebookedAfter = "1 minute";

/**
 * Looks for lanes and runs that claims have forgotten, such as words of a transaction that took long to commit, and tells the
 * next claims of them. Lanes are compared with what is queued; nothing waits for it.
 *
 * @param db - the database
 * @returns the environments in which something was found, or waits for a claim that may be missing
 */
export async function sweepLanes(db: Database): Promise<readonly string[]> {
  const found: string[] = [];
  for (const row of await db.query(environmentsAtWork())) {
    const environmentId = String(row.id);
    const words = await db.query(wakeForgotten(environmentId));
    const [, , , resuming = []] = await db.transaction([
      lockEnvironment(environmentId),
      dropUnread(environmentId),
      rebookHeld(environmentId),
      rebookResuming(environmentId),
    ]);
    if (words.length + resuming.length > 0 || row.is_waiting === true) found.push(environmentId);
  }
  return found;
}

/** Environments with runs that are queued, hold a slot or wait for theirs, and whether something waits for a claim there. */
function environmentsAtWork(): Statement {
  return {
    name: "lanes_environments",
    text: `
      select e.id, exists (
               select from lane_wake w where w.environment_id = e.id
                 and w.at between d.woken_from and statement_timestamp() - interval '${forgottenAfter}'
             ) or exists (
               select from live_run l
               where l.environment_id = e.id and l.booked_at is not null and not l.holds_slot
                 and l.booked_at < statement_timestamp() - interval '${forgottenAfter}'
             ) or coalesce(
               ${nextOpening("d.opens_from", "e.id")} < statement_timestamp() - interval '${overdueAfter}', false
             ) as is_waiting
      from environment e
      left join lateral (
        select * from dispatch where dispatch.environment_id = e.id order by updated_at desc limit 1
      ) d on true
      where exists (select from live_run l where l.environment_id = e.id and l.order_at is not null)
         or exists (select from live_run l where l.environment_id = e.id and l.holds_slot and l.booked_at is not null)
         or exists (select from live_run l where l.environment_id = e.id and not l.holds_slot and l.booked_at is not null)`,
    values: [],
  };
}

/** Words that no claim will read any more; what they told has been looked at by then. */
function dropUnread(environmentId: string): Statement {
  return {
    name: "lanes_drop_unread",
    text: `
      delete from lane_wake w
      where w.environment_id = $1::uuid and w.at < (
        select d.woken_from from dispatch d where d.environment_id = $1::uuid order by d.updated_at desc limit 1
      )`,
    values: [environmentId],
  };
}

/**
 * Leaves word of every lane with queued runs whose standing is wrong: missing, said to be empty, said to begin later than it does, or
 * closed with nothing that closes it. What a waiting word will put right is not wrong. Each lane is found by one step through the index.
 */
function wakeForgotten(environmentId: string): Statement {
  return {
    name: "lanes_wake_forgotten",
    text: `
      with recursive bounds as materialized (
        select * from (select) one left join lateral (
          select d.woken_from, d.booked_from, d.resuming_from, d.served_from, d.opens_from from dispatch d
          where d.environment_id = $1::uuid order by d.updated_at desc limit 1
        ) d on true
      ),
      queued as (
        (
          select l.queue_name, l.concurrency_key, ${laneVersion} as version_id, l.order_at
          from live_run l
          where l.environment_id = $1::uuid and l.order_at is not null
          order by l.queue_name, l.concurrency_key, ${laneVersion}, l.order_at limit 1
        )
        union all
        select n.* from queued q cross join lateral (
          select l.queue_name, l.concurrency_key, ${laneVersion} as version_id, l.order_at
          from live_run l
          where l.environment_id = $1::uuid and l.order_at is not null
            and (l.queue_name, l.concurrency_key, ${laneVersion}) > (q.queue_name, q.concurrency_key, q.version_id)
          order by l.queue_name, l.concurrency_key, ${laneVersion}, l.order_at limit 1
        ) n
      ),
      booked as materialized (
        select queue_name, concurrency_key, count(*)::int as booked
        from (
          select l.queue_name, l.concurrency_key from live_run l
          where l.environment_id = $1::uuid and l.holds_slot and l.booked_at is not null
          union all
          select l.queue_name, l.concurrency_key from live_run l
          where l.environment_id = $1::uuid and not l.holds_slot and l.booked_at is not null
        ) b
        group by 1, 2
      ),
      kept as materialized (
        select distinct l.queue_name, l.concurrency_key from live_run l
        where l.environment_id = $1::uuid and l.keeps_place and l.due_at is not null
      ),
      -- A lane that waits for the rate of all keys opens others of its queue with it.
      rated as materialized (
        select distinct lane.queue_name from lane
        where lane.environment_id = $1::uuid and lane.standing = 'at_rate'
          and lane.opens_at >= coalesce((select opens_from from bounds), '-infinity')
      ),
      queue_booked as materialized (
        select queue_name, sum(booked)::int as booked from booked group by 1
      ),
      compared as (
        select k.*, l.standing is null or l.standing = 'empty' or l.head_at > k.order_at
                 or l.standing = 'ready' and l.served_at < (select served_from from bounds) as is_unknown,
               l.standing = 'at_limit' and coalesce(b.booked < coalesce(q.limit_override, q.concurrency_limit), true)
                   and not (coalesce(least(coalesce(q.limit_override, q.concurrency_limit), q.combined_limit) <= 1, false) and exists (
                     select from kept where kept.queue_name = k.queue_name and kept.concurrency_key = k.concurrency_key))
                 or l.standing = 'queue_closed' and not coalesce(q.is_paused, false)
                   and coalesce(coalesce(qb.booked, 0) < q.combined_limit, true)
                   and not exists (select from rated where rated.queue_name = k.queue_name) as is_open
        from queued k
        left join lateral (
          select * from lane
          where lane.environment_id = $1::uuid and lane.queue_name = k.queue_name and lane.concurrency_key = k.concurrency_key
            and lane.version_id = k.version_id offset 0
        ) l on true
        left join queue q on q.environment_id = $1::uuid and q.name = k.queue_name
        left join booked b on b.queue_name = k.queue_name and b.concurrency_key = k.concurrency_key
        left join queue_booked qb on qb.queue_name = k.queue_name
      )
      insert into lane_wake (environment_id, queue_name, concurrency_key, version_id, order_at)
      select $1::uuid, c.queue_name, c.concurrency_key, case when c.is_unknown then c.version_id end,
             case when c.is_unknown then c.order_at end
      from compared c
      where (c.is_unknown or c.is_open) and not exists (
        select from lane_wake w
        where w.environment_id = $1::uuid and w.at >= coalesce((select woken_from from bounds), '-infinity')
          and w.queue_name = c.queue_name and (w.order_at is null) = (not c.is_unknown)
          and (w.concurrency_key = c.concurrency_key or w.order_at is null)
      )
      returning queue_name`,
    values: [environmentId],
  };
}

/** Locks: the rows, but none that another transaction changes. */
function rebookHeld(environmentId: string): Statement {
  return {
    name: "runs_rebook_held",
    text: `
      with old as materialized (
        select l.run_id from live_run l
        where l.environment_id = $1::uuid and l.holds_slot and l.booked_at < statement_timestamp() - interval '${rebookedAfter}'
        order by l.run_id
        for no key update skip locked
      )
      update live_run l set booked_at = statement_timestamp()
      from ${keyed("old")} o
      where l.environment_id = o.environment_id and l.run_id = o.run_id and l.state <> 'queued'
      returning 1`,
    values: [environmentId],
  };
}

/** Books runs again whose wait ended in a transaction that took so long to commit that claims begin to look after them. */
function rebookResuming(environmentId: string): Statement {
  return {
    name: "runs_rebook_resuming",
    text: `
      with early as materialized (
        select l.run_id from live_run l
        where l.environment_id = $1::uuid and l.booked_at is not null and not l.holds_slot and l.booked_at < (
          select d.resuming_from from dispatch d where d.environment_id = $1::uuid order by d.updated_at desc limit 1
        )
        order by l.run_id
        for no key update skip locked
      )
      update live_run l set booked_at = statement_timestamp()
      from ${keyed("early")} e
      where l.environment_id = e.environment_id and l.run_id = e.run_id and l.state = 'resuming'
      returning 1`,
    values: [environmentId],
  };
}
