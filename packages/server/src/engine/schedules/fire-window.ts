import { createHash } from "node:crypto";
import { type CronExpression, parseCron } from "./cron.ts";
import { firesAfter } from "./fire-times.ts";

// A window spreads the fires of many schedules over the time after their nominal one. Where in it one fires is always the same, so
// its fires stay as far apart as they are nominally.

/** How many fires the shortest time between two of them is looked for in. */
const lookedAt = 500;

/** Of a schedule, what decides how its fires are shifted. */
export interface FireWindow {
  /** A UUID. */
  readonly id: string;
  readonly cron: string;
  readonly timezone: string;
  /** As `windowSchema` of the contract accepts it; null: none. */
  readonly window: string | null;
}

/**
 * When a fire is due: its nominal time, shifted within the schedule's window.
 *
 * @param schedule - the schedule
 * @param at - the nominal time of the fire
 * @returns the time
 */
export function effectiveAt(schedule: FireWindow, at: Date): Date {
  const { length, unit } = readWindow(schedule.window);
  if (length === 0) return at;
  return new Date(at.getTime() + Math.floor(share(schedule.id) * windowMs(schedule, at, length, unit)));
}

/**
 * Judges whether a window fits between the fires of a schedule.
 *
 * @param cron - an expression that `parseCron` accepts
 * @param window - as `windowSchema` of the contract accepts it; null: none
 * @returns a sentence that says why not; null: it does
 */
export function refuseWindow(cron: string, window: string | null): string | null {
  const { length, unit } = readWindow(window);
  if (length === 0 || unit === "%") return null;
  const shortestMs = shortestInterval(cron);
  if (shortestMs >= length * unitMs[unit]) return null;
  return `The window ${window} is longer than the shortest time between two fires of "${cron}", which is ${inWords(shortestMs)}.`;
}

const unitMs = { m: 60_000, h: 3_600_000 } as const;

type WindowUnit = "m" | "h" | "%";

function readWindow(window: string | null): { readonly length: number; readonly unit: WindowUnit } {
  const [, count = "0", unit] = /^(\d+)([mh%])$/.exec(window ?? "") ?? [];
  return { length: Number(count), unit: unit === "h" || unit === "%" ? unit : "m" };
}

function windowMs(schedule: FireWindow, at: Date, length: number, unit: WindowUnit): number {
  if (unit !== "%") return length * unitMs[unit];
  const [next] = firesAfter(schedule.cron, schedule.timezone, at, 1);
  return next === undefined ? 0 : ((next.getTime() - at.getTime()) * length) / 100;
}

/** At least 0, less than 1; the same for the same id. */
function share(id: string): number {
  return createHash("sha256").update(id).digest().readUIntBE(0, 6) / 2 ** 48;
}

/** Found once for each expression that is kept: thousands of schedules may share one. */
const shortestOf = new WeakMap<CronExpression, number>();

/** By the wall clock, in milliseconds. */
function shortestInterval(cron: string): number {
  const read = parseCron(cron);
  if (read.kind === "refused") throw new Error(read.reason);
  let shortest = shortestOf.get(read.cron);
  if (shortest === undefined) {
    shortest = findShortest(read.cron);
    shortestOf.set(read.cron, shortest);
  }
  return shortest;
}

function findShortest(cron: CronExpression): number {
  let shortest = Number.POSITIVE_INFINITY;
  let last = cron.nextWallTime(Date.now());
  for (let looked = 0; last !== null && looked < lookedAt; looked++) {
    const next = cron.nextWallTime(last);
    if (next === null) break;
    shortest = Math.min(shortest, next - last);
    last = next;
  }
  return shortest;
}

function inWords(ms: number): string {
  if (ms % unitMs.h === 0) return `${ms / unitMs.h}h`;
  return ms % unitMs.m === 0 ? `${ms / unitMs.m}m` : `${ms / 1_000}s`;
}
