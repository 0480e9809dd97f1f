import type { ScheduleRecord } from "../schedule-ports.ts";
import { firesAfter, firesBetween, lastFireBetween } from "./fire-times.ts";
import { effectiveAt } from "./fire-window.ts";

/** A fire that is late by more than this was missed, in milliseconds. */
const latenessMs = 60_000;

/** Fires that are late by no more than this are all made, in milliseconds: a schedule of seconds loses none to a slow pass. */
const promptMs = 5_000;

/** The most fires that one pass makes up for, of one schedule. */
const mostFires = 100;

/** What is to be done for a schedule. */
export interface FirePlan {
  /** Nominal times to fire, oldest first. */
  readonly fires: readonly Date[];
  /** The last nominal time that this pass settles; null: none is due. */
  readonly through: Date | null;
  /** The last nominal time that is due: as far as the schedule goes where an unfinished run keeps it from firing. */
  readonly lastDue: Date | null;
}

/** Where a schedule goes on. */
export interface NextFire {
  readonly nextAt: Date | null;
  /** The same, shifted by the schedule's window. */
  readonly dueAt: Date | null;
}

/**
 * Decides which fires of a schedule are made now. Of those that are due, by `catchUp`: `all` fires each, a page a pass; `last` the
 * latest; `skip` the latest too, unless that is more than a minute late. Those of the last seconds are no downtime, and all fired. A schedule whose runs must not overlap has one fire a pass.
 *
 * @param schedule - the schedule as it stands
 * @param now - the store's now
 * @returns the plan
 */
export function planFires(schedule: ScheduleRecord, now: Date): FirePlan {
  const { nextAt, cron, timezone, catchUp, overlap } = schedule;
  if (nextAt === null || effectiveAt(schedule, nextAt) > now) return { fires: [], through: null, lastDue: null };
  const lastDue = findLastDue(schedule, nextAt, now);
  if (catchUp === "all") {
    const most = overlap === "allow" ? mostFires - 1 : 0;
    const fires = [nextAt, ...firesBetween(cron, timezone, { after: nextAt, until: lastDue, most })];
    return { fires, through: fires.at(-1) ?? nextAt, lastDue };
  }
  const prompt = overlap === "allow" && lastDue > nextAt ? promptFires(schedule, { nextAt, lastDue, now }) : [];
  if (prompt.length > 1) return { fires: prompt, through: lastDue, lastDue };
  const isMissed = now.getTime() - effectiveAt(schedule, lastDue).getTime() > latenessMs;
  return { fires: catchUp === "skip" && isMissed ? [] : [lastDue], through: lastDue, lastDue };
}

/** The fires that are due since a moment ago. */
function promptFires(
  schedule: ScheduleRecord,
  { nextAt, lastDue, now }: { readonly nextAt: Date; readonly lastDue: Date; readonly now: Date },
): readonly Date[] {
  const from = Math.max(nextAt.getTime(), lastDue.getTime() - promptMs);
  const span = { after: new Date(from - 1), until: lastDue, most: mostFires };
  const times = firesBetween(schedule.cron, schedule.timezone, span);
  return times.filter((time) => now.getTime() - effectiveAt(schedule, time).getTime() <= promptMs);
}

/**
 * Finds the next fire of a schedule.
 *
 * @param schedule - the schedule
 * @param after - the nominal time that it comes after
 * @returns the fire; nulls when there is none any more
 */
export function nextFireAfter(schedule: ScheduleRecord, after: Date): NextFire {
  const [nextAt = null] = firesAfter(schedule.cron, schedule.timezone, after, 1);
  return nextFire(schedule, nextAt);
}

/**
 * Says when the next fire of a schedule is due.
 *
 * @param schedule - the schedule
 * @param nextAt - the nominal time of its next fire; null: there is none
 * @returns the fire
 */
export function nextFire(schedule: ScheduleRecord, nextAt: Date | null): NextFire {
  return { nextAt, dueAt: nextAt === null ? null : effectiveAt(schedule, nextAt) };
}

function findLastDue(schedule: ScheduleRecord, nextAt: Date, now: Date): Date {
  const { cron, timezone } = schedule;
  const [following] = firesAfter(cron, timezone, nextAt, 1);
  if (following === undefined || following > now) return nextAt;
  let last = lastFireBetween(cron, timezone, nextAt, now) ?? nextAt;
  // Those whose time has come, and that their window puts off.
  while (last > nextAt && effectiveAt(schedule, last) > now) {
    last = lastFireBetween(cron, timezone, nextAt, new Date(last.getTime() - 1)) ?? nextAt;
  }
  return last;
}
