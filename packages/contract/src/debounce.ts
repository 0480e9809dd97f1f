import { parseDuration } from "./duration.ts";

/** The most characters of a debounce key. */
export const maxDebounceKeyLength = 512;

/** The shortest delay of a debounce, in milliseconds. */
const minDebounceDelayMs = 1_000;

/** How triggers of one task with the same key join into one delayed run. */
export interface Debounce {
  readonly key: string;
  /** How long after the last of them the run is queued. */
  readonly delayMs: number;
  /** Whether the first of them says what is executed, or the last. */
  readonly mode: "leading" | "trailing";
  /** How long after the first of them the run is queued at the latest; null: the server's own bound. */
  readonly maxDelayMs: number | null;
}

/** What is wrong with a debounce beside a delay. */
export const debounceBesideDelay = "must not stand beside the option delay: its own delay says when the run is queued";

/** What is wrong with a debounce: the field, empty for the whole, and what it must be. */
export interface DebounceProblem {
  readonly field: "" | "key" | "delay" | "mode" | "maxDelay";
  /** Follows the field's name: `must be …`. */
  readonly problem: string;
}

/**
 * Reads how a trigger is to be debounced. The one place of its rules, for SDK and server.
 *
 * @param value - the option as its caller wrote it
 * @returns the debounce, or what is wrong with it
 * @example
 * ```ts
 * readDebounce({ key: "user:1", delay: "5s" }); // { key: "user:1", delayMs: 5000, mode: "leading", maxDelayMs: null }
 * ```
 */
export function readDebounce(value: unknown): Debounce | DebounceProblem {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { field: "", problem: 'must be an object such as { key: "user:1", delay: "5s" }' };
  }
  const { key, delay, mode, maxDelay } = value as Readonly<Record<string, unknown>>; // an object has nothing else
  if (typeof key !== "string" || key.length === 0 || key.length > maxDebounceKeyLength) {
    return { field: "key", problem: `must be a text of 1 to ${maxDebounceKeyLength} characters` };
  }
  const delayMs = lengthOf(delay);
  if (delayMs === null || delayMs < minDebounceDelayMs) {
    return { field: "delay", problem: "must be a duration of a second or more, such as 5s" };
  }
  if (!(mode === undefined || mode === null || mode === "leading" || mode === "trailing")) {
    return { field: "mode", problem: "must be leading or trailing" };
  }
  if (maxDelay === undefined || maxDelay === null) return { key, delayMs, mode: mode ?? "leading", maxDelayMs: null };
  const maxDelayMs = lengthOf(maxDelay);
  if (maxDelayMs === null || maxDelayMs <= delayMs) {
    return { field: "maxDelay", problem: "must be a duration that is longer than the delay, such as 1m" };
  }
  return { key, delayMs, mode: mode ?? "leading", maxDelayMs };
}

/** The longest that anything may be put off, in milliseconds: a hundred years. */
const maxLengthMs = 3_155_760_000_000;

function lengthOf(value: unknown): number | null {
  const lengthMs = typeof value === "string" ? parseDuration(value) : null;
  return lengthMs !== null && lengthMs <= maxLengthMs ? lengthMs : null;
}
