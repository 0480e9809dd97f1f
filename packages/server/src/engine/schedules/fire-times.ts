import { type CronExpression, parseCron } from "./cron.ts";
import { findTimeZone, type TimeZone } from "./time-zones.ts";

// A cron expression names times of the wall clock. Which times those are, where the clock is put forward or back:
//
//                         a time that the clock skips       a time that the clock shows twice
//   any hour field        fires when the skipping ends,     fires the first time
//                         once for all that are skipped
//   the hour field is *   does not fire                     fires both times
//
// So a schedule of given hours fires each of them once a day, and one of every hour goes on in real time.

const dayMs = 86_400_000;

/** How many following times are computed at once, for all schedules with the same expression and zone. */
const timesAhead = 6;
const mostCached = 20_000;

interface CachedTimes {
  readonly after: number;
  readonly times: readonly number[];
}

const cache = new Map<string, CachedTimes>();

/** What was found in a span: a pass asks the same of all schedules that share expression, zone and last fire. */
const spans = new Map<string, readonly number[]>();

/**
 * The times at which a schedule fires.
 *
 * @param cron - an expression that {@link parseCron} accepts
 * @param timezone - an IANA name
 * @param after - the times come after this
 * @param count - how many
 * @returns the first of them in their order; fewer where there are no more
 * @throws Error when the expression or the zone is none
 * @example
 * ```ts
 * firesAfter("0 9 * * 1", "Europe/Berlin", new Date("2026-07-01T00:00:00Z"), 1); // [2026-07-06T07:00:00.000Z]
 * ```
 */
export function firesAfter(cron: string, timezone: string, after: Date, count: number): readonly Date[] {
  const afterMs = after.getTime();
  const key = `${timezone} ${cron}`;
  const cached = cache.get(key);
  if (cached !== undefined && cached.after <= afterMs) {
    const from = cached.times.findIndex((time) => time > afterMs);
    if (from >= 0 && from + count <= cached.times.length) return asDates(cached.times.slice(from, from + count));
  }
  const times = compute(cron, timezone, afterMs, Math.max(count, timesAhead));
  if (cache.size >= mostCached) cache.clear();
  if (times.length <= timesAhead) cache.set(key, { after: afterMs, times });
  return asDates(times.slice(0, count));
}

/**
 * The last time at which a schedule fires within a span.
 *
 * @param cron - as for {@link firesAfter}
 * @param timezone - as for {@link firesAfter}
 * @param after - the beginning of the span, which is not part of it
 * @param until - its end, which is
 * @returns the time; null where there is none
 */
export function lastFireBetween(cron: string, timezone: string, after: Date, until: Date): Date | null {
  const found = inSpan(`last ${timezone} ${cron} ${after.getTime()} ${until.getTime()}`, () => {
    const last = findLast(readRule(cron, timezone), after.getTime(), until.getTime());
    return last === null ? [] : [last];
  });
  return asDates(found)[0] ?? null;
}

/**
 * The first times at which a schedule fires within a span.
 *
 * @param cron - as for {@link firesAfter}
 * @param timezone - as for {@link firesAfter}
 * @param after - the beginning of the span, which is not part of it
 * @param span - when it begins, which is not part of it, and ends, which is; and how many times at most
 * @returns the times in their order
 */
export function firesBetween(
  cron: string,
  timezone: string,
  { after, until, most }: { readonly after: Date; readonly until: Date; readonly most: number },
): readonly Date[] {
  const found = inSpan(`${most} ${timezone} ${cron} ${after.getTime()} ${until.getTime()}`, () => {
    const rule = readRule(cron, timezone);
    const times: number[] = [];
    let time = nextFire(rule, after.getTime());
    for (; time !== null && time <= until.getTime() && times.length < most; time = nextFire(rule, time))
      times.push(time);
    return times;
  });
  return asDates(found);
}

function inSpan(key: string, find: () => readonly number[]): readonly number[] {
  const known = spans.get(key);
  if (known !== undefined) return known;
  const found = find();
  if (spans.size >= mostCached) spans.clear();
  spans.set(key, found);
  return found;
}

/** Halves the rest of the span until nothing fires in it any more. */
function findLast(rule: Rule, afterMs: number, untilMs: number): number | null {
  const next = (fromMs: number) => {
    const time = nextFire(rule, fromMs);
    return time === null || time > untilMs ? null : time;
  };
  let last = next(afterMs);
  if (last === null) return null;
  let end = untilMs;
  while (end - last >= 1) {
    const middle = last + Math.floor((end - last) / 2);
    const time = next(middle);
    if (time === null) end = middle;
    else last = time;
  }
  return last;
}

interface Rule {
  readonly cron: CronExpression;
  readonly zone: TimeZone;
}

function readRule(cron: string, timezone: string): Rule {
  const read = parseCron(cron);
  const zone = findTimeZone(timezone);
  if (read.kind === "refused") throw new Error(read.reason);
  if (zone === null) throw new Error(`There is no time zone ${timezone}.`);
  return { cron: read.cron, zone };
}

function compute(cron: string, timezone: string, afterMs: number, count: number): readonly number[] {
  const rule = readRule(cron, timezone);
  const times: number[] = [];
  for (let time = nextFire(rule, afterMs); time !== null && times.length < count; time = nextFire(rule, time)) {
    times.push(time);
  }
  return times;
}

function nextFire(rule: Rule, afterMs: number): number | null {
  return rule.cron.isHourly ? nextHourly(rule, afterMs) : nextOfClock(rule, afterMs);
}

/** In real time: each stretch between two changes of the clock is gone through by itself. */
function nextHourly({ cron, zone }: Rule, afterMs: number): number | null {
  let from = afterMs;
  for (;;) {
    const offset = zone.offsetAt(from);
    const wall = cron.nextWallTime(from + offset);
    if (wall === null) return null;
    const time = wall - offset;
    // A change within a day may bring times that the clock shows again; after one further off, nothing is shown that was before.
    const change = zone.changeBetween(from, Math.min(time, from + dayMs));
    if (change === null && zone.offsetAt(time) === offset) return time;
    if (change === null) from = time - dayMs;
    else if (isFire(cron, change + zone.offsetAt(change))) return change;
    else from = change;
  }
}

function isFire(cron: CronExpression, wall: number): boolean {
  return cron.nextWallTime(wall - 1) === wall;
}

/** By the clock: each time that the expression names once. */
function nextOfClock({ cron, zone }: Rule, afterMs: number): number | null {
  let wall: number | null = afterMs + zone.offsetAt(afterMs);
  const shown = whenShown(zone, wall);
  if (shown.time < afterMs && shown.isRepeated) wall = shown.untilWall - 1; // what is shown again has been fired
  for (;;) {
    wall = cron.nextWallTime(wall);
    if (wall === null) return null;
    const { time } = whenShown(zone, wall);
    if (time > afterMs) return time;
  }
}

/** The first time at which the clock shows a wall clock time; where it skips that, the time at which the skipping ends. */
function whenShown(
  zone: TimeZone,
  wall: number,
): { readonly time: number; readonly isRepeated: boolean; readonly untilWall: number } {
  // No offset is more than a day, and no clock changes twice within two.
  const change = zone.changeBetween(wall - dayMs, wall + dayMs);
  const before = zone.offsetAt(wall - dayMs);
  if (change === null) return { time: wall - before, isRepeated: false, untilWall: wall };
  const after = zone.offsetAt(change);
  if (wall < change + Math.min(before, after)) return { time: wall - before, isRepeated: false, untilWall: wall };
  if (wall >= change + Math.max(before, after)) return { time: wall - after, isRepeated: false, untilWall: wall };
  return before > after
    ? { time: wall - before, isRepeated: true, untilWall: change + before }
    : { time: change, isRepeated: false, untilWall: change + after };
}

function asDates(times: readonly number[]): readonly Date[] {
  return times.map((time) => new Date(time));
}
