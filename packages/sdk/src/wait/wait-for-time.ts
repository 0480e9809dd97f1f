import type { WaitCallAnswer } from "@pawl/contract/worker-protocol";
import { checkOptionNames, type OptionNames } from "../options/option-names.ts";
import type { ActiveRun, WaitAbout } from "../runtime.ts";
import { callAsRun } from "../trigger/run-call.ts";
import { keptForLater, type OpenedWait, resultOf, waitingRun } from "./opened-wait.ts";
import { timeAfter, type WaitPeriod } from "./period.ts";
import { type WaitKeyOptions, wireWaitKey } from "./wait-options.ts";
import { WaitPromise } from "./wait-promise.ts";

/** What `wait.for` takes. */
export type WaitForOptions = WaitPeriod & WaitKeyOptions;

/** What `wait.until` takes. */
export interface WaitUntilOptions extends WaitKeyOptions {
  readonly date: Date;
  /** Whether a date in the past is an error; default: the call returns at once. */
  readonly throwIfInThePast?: boolean;
}

const keyNames: OptionNames<WaitKeyOptions> = { idempotencyKey: true, idempotencyKeyTTL: true };
const waitUntilNames: OptionNames<WaitUntilOptions> = { date: true, throwIfInThePast: true, ...keyNames };
const waitForNames = {
  seconds: true,
  minutes: true,
  hours: true,
  days: true,
  weeks: true,
  months: true,
  years: true,
  ...keyNames,
} as const;

/** Up to here a timer in the process is cheaper than giving the slot away, in milliseconds. */
const longestTimerMs = 1_000;

/**
 * Waits for a length of time; see `wait.for`.
 *
 * @param options - the length, and a key
 * @returns a promise for its end
 * @throws RunContextError outside of a run; RangeError when the length can't be right
 * @example
 * ```ts
 * await waitFor({ hours: 1 });
 * ```
 */
export function waitFor(options: WaitForOptions): Promise<void> {
  return waited(async () => {
    const run = waitingRun("wait.for");
    checkOptionNames("wait.for", options ?? {}, waitForNames);
    const nowMs = Date.now();
    const atMs = timeAfter(options, nowMs);
    if (atMs - nowMs <= longestTimerMs) return timer(atMs - nowMs);
    return openTime(run, { callName: "wait.for", wait: run.nextWait("time"), atMs, options });
  });
}

/**
 * Waits until a date; see `wait.until`.
 *
 * @param options - the date, what to do about one in the past, and a key
 * @returns a promise for it
 * @throws RunContextError outside of a run; RangeError when the date is none, or in the past and that is not wanted
 * @example
 * ```ts
 * await waitUntil({ date: new Date("2030-01-01") });
 * ```
 */
export function waitUntil(options: WaitUntilOptions): Promise<void> {
  return waited(async () => {
    const run = waitingRun("wait.until");
    checkOptionNames("wait.until", options ?? {}, waitUntilNames);
    const { date, throwIfInThePast = false } = options;
    if (!(date instanceof Date) || Number.isNaN(date.getTime())) throw new RangeError("wait.until needs a valid date.");
    // Counted even where there is nothing to wait for: an attempt after a loss may come too late for a wait that was real.
    const wait = run.nextWait("time");
    const atMs = date.getTime();
    const remainingMs = atMs - Date.now();
    if (remainingMs < 0 && throwIfInThePast && run.isRecovery !== true) {
      throw new RangeError(`wait.until was called with ${date.toISOString()}, which is in the past.`);
    }
    if (remainingMs <= longestTimerMs) return timer(remainingMs);
    return openTime(run, { callName: "wait.until", wait, atMs, options });
  });
}

/** A wait that the server keeps, or a short one that a timer does. */
type Begun = OpenedWait | { readonly timer: Promise<void> };

function waited(begin: () => Promise<Begun>): Promise<void> {
  const beginning = keptForLater(begin());
  return new WaitPromise(async () => {
    const begun = await beginning;
    if ("timer" in begun) await begun.timer;
    else await resultOf(Promise.resolve(begun));
  });
}

function timer(lengthMs: number): Begun {
  if (lengthMs <= 0) return { timer: Promise.resolve() };
  return { timer: new Promise((resolve) => setTimeout(resolve, lengthMs)) };
}

interface TimeWait {
  readonly callName: string;
  readonly wait: string;
  readonly atMs: number;
  readonly options: WaitKeyOptions;
}

async function openTime(run: ActiveRun, { callName, wait, atMs, options }: TimeWait): Promise<OpenedWait> {
  const key = await wireWaitKey(callName, options, run);
  const answer = callAsRun<WaitCallAnswer>(run, { kind: "time", wait, atMs, ...key });
  const about = answer.then((opened): WaitAbout => ({ type: "duration", date: new Date(opened.atMs ?? atMs) }));
  return { run, wait, about: keptForLater(about) };
}
