import type { ScheduleMove, TakenSchedules } from "../../engine/schedule-ports.ts";
import type { Database, Statement } from "../db.ts";
import { lockEnvironment } from "../runs/claim.ts";
import { scheduleColumns, scheduleRecord } from "./schedule-record.ts";

// A schedule that can't fire is set aside: it has no due_at, so that those that can are found without looking at it. It comes back
// when a host connects or has a version, a version is registered, or at the latest when a server looks at all of them (`revive`).

/** How many schedules a server takes at once. */
const pageSize = 500;

/** For how long it has them. */
const takenFor = "10 seconds";

/** Whether the current version has a schedule's task. */
export const hasTask = `
  exists (
    select from version v join task t on t.environment_id = v.environment_id and t.version_id = v.id and t.id = s.task_id
    where v.environment_id = s.environment_id and v.is_current
  )`;

/** Whether a schedule can fire, of an active one called `s`: in development only while there is a host that takes runs. */
export const canFire = `(
  ${hasTask}
  and (
    (select e.type <> 'DEVELOPMENT' from environment e where e.id = s.environment_id)
    or exists (select from host h where h.environment_id = s.environment_id and h.lease_expires_at > now()
      and h.version_ids <> '{}')
  ))`;

/**
 * Takes a page of schedules that are due, and sets aside those of them that can't fire.
 *
 * @param db - the database
 * @returns what can fire
 */
export async function takeDue(db: Database): Promise<TakenSchedules> {
  const rows = await db.query(takeDueSchedules());
  const [summary] = rows;
  if (summary === undefined) return { now: new Date(), hasMore: false, schedules: [] };
  for (const environmentId of summary.unable_ids as readonly string[]) {
    await db.transaction([lockEnvironment(environmentId), setAside(environmentId)]);
  }
  const taken = rows.filter((row) => row.id !== null);
  return {
    now: summary.now as Date, // now()
    hasMore: Number(summary.found) === pageSize,
    schedules: taken.map((row) => ({ ...scheduleRecord(row), takenUntil: row.due_at as Date })), // set by the statement
  };
}

/**
 * Takes due schedules that can fire, unless somebody else has them. Their due time says so until they are moved on; in whole
 * milliseconds, as a Date has it. Locks: their rows, without waiting.
 *
 * @returns the statement; its rows are the schedules, or one with nulls, each with `now`, how many were `found` to be due, and in which
 *   environments some can't fire (`unable_ids`)
 */
export function takeDueSchedules(): Statement {
  return {
    name: "schedules_take_due",
    text: `
      with due as materialized (
        select s.environment_id, s.id, ${canFire} as can_fire
        from schedule s where s.due_at <= now() order by s.due_at limit ${pageSize} for update skip locked
      ),
      taken as (
        update schedule s set due_at = date_trunc('milliseconds', now()) + interval '${takenFor}'
        from due where due.can_fire and s.environment_id = due.environment_id and s.id = due.id
        returning ${scheduleColumns}, s.due_at
      )
      select summary.*, taken.*
      from (
        select now() as now, count(*) as found,
               coalesce(array_agg(distinct environment_id::text) filter (where not can_fire), '{}') as unable_ids
        from due
      ) summary
      left join taken on true
      order by taken.next_at, taken.id`,
    values: [],
  };
}

/** Comes after the environment's lock, which everybody takes who makes a schedule able to fire. Locks: the rows, by their ids. */
function setAside(environmentId: string): Statement {
  return {
    name: "schedules_set_aside",
    text: `
      with unable as materialized (
        select s.id from schedule s
        where s.environment_id = $1::uuid and s.due_at <= now() and not ${canFire}
        order by s.id for update
      )
      update schedule s set due_at = null from unable where s.environment_id = $1::uuid and s.id = unable.id`,
    values: [environmentId],
  };
}

/**
 * Makes schedules due again that were set aside and can fire. Locks: their rows, by their ids.
 *
 * @param environmentId - of which environment; null: of all
 * @returns the statement; it has a row if there were any
 */
export function reviveSchedules(environmentId: string | null): Statement {
  return {
    name: environmentId === null ? "schedules_revive_all" : "schedules_revive",
    text: `
      with able as materialized (
        select s.environment_id, s.id from schedule s
        where s.is_active and s.due_at is null and s.next_at is not null
          ${environmentId === null ? "" : "and s.environment_id = $1::uuid"} and ${canFire}
        order by s.environment_id, s.id for update
      ),
      revived as (
        update schedule s set due_at = s.next_at from able where s.environment_id = able.environment_id and s.id = able.id
        returning 1
      )
      select 1 from revived limit 1`,
    values: environmentId === null ? [] : [environmentId],
  };
}

/** Reads in how many milliseconds the next schedule is due, or null. Takes no lock. */
export function findNextDueSchedule(): Statement {
  return {
    name: "schedules_find_next_due",
    text: `
      select extract(epoch from due_at - now())::float8 * 1000 as due_in_ms
      from schedule where due_at is not null order by due_at limit 1`,
    values: [],
  };
}

/**
 * Moves taken schedules on. One that was taken again or changed has another due time and stays. Locks: their rows, by their ids.
 *
 * @param moves - where they go on
 * @returns the statement
 */
export function advanceSchedules(moves: readonly ScheduleMove[]): Statement {
  return {
    name: "schedules_advance",
    text: `
      with moves as materialized (
        select * from json_to_recordset($1::json) as m(
          environment_id uuid, id uuid, taken_until timestamptz, next_at timestamptz, due_at timestamptz, last_at timestamptz)
      ),
      locked as materialized (
        select s.environment_id, s.id, m.next_at, m.due_at, m.last_at
        from moves m join schedule s on s.environment_id = m.environment_id and s.id = m.id
        where s.due_at = m.taken_until
        order by s.environment_id, s.id for update of s
      )
      update schedule s set next_at = l.next_at, due_at = l.due_at, last_at = l.last_at
      from locked l where s.environment_id = l.environment_id and s.id = l.id`,
    values: [
      JSON.stringify(
        moves.map((move) => ({
          environment_id: move.environmentId,
          id: move.id,
          taken_until: move.takenUntil,
          next_at: move.nextAt,
          due_at: move.dueAt,
          last_at: move.lastAt,
        })),
      ),
    ],
  };
}
