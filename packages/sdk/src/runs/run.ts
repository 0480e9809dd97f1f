import type { RunDetail, RunList, RunSummary } from "@pawl/contract/api/runs";

type TimeField = "createdAt" | "updatedAt" | "startedAt" | "finishedAt" | "delayedUntil";

/** The API's times as dates. */
type WithDates<TRun extends RunSummary> = {
  readonly [Key in keyof TRun]: Key extends TimeField
    ? undefined extends TRun[Key]
      ? Date | undefined
      : Date
    : TRun[Key];
};

/** A run as `runs.retrieve` gives it. `payload` and `output` are plain JSON: dates in them are ISO strings. */
export type RetrievedRun<TInput = unknown, TOutput = unknown> = Omit<WithDates<RunDetail>, "payload" | "output"> & {
  readonly payload?: TInput;
  /** Present once the run has succeeded, unless its output is `undefined`. */
  readonly output?: TOutput;
};

/** A run as `runs.list` gives it. */
export type ListedRun = WithDates<RunList["data"][number]>;

/** A run with the API's times as text. */
type WireRunSummary = Readonly<Record<string, unknown>>;

const timeFields: readonly TimeField[] = ["createdAt", "updatedAt", "startedAt", "finishedAt", "delayedUntil"];

/**
 * Turns the times of a run into dates.
 *
 * @param run - a run in the form of the API
 * @returns the run with dates
 * @example
 * ```ts
 * withDates({ createdAt: "1970-01-01T00:00:00.000Z" }); // { createdAt: new Date(0) }
 * ```
 */
export function withDates(run: WireRunSummary): WireRunSummary {
  const changed: Record<string, unknown> = { ...run };
  for (const field of timeFields) {
    const text = run[field];
    if (typeof text === "string") changed[field] = new Date(text);
  }
  return changed;
}
