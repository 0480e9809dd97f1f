import type { RunDetail, RunList, RunSummary } from "@pawl/contract/api/runs";

type TimeField = "createdAt" | "updatedAt" | "startedAt" | "finishedAt" | "delayedUntil" | "expiredAt";

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

/** The fields of a run that hold a time. */
export const runTimeFields: readonly TimeField[] = [
  "createdAt",
  "updatedAt",
  "startedAt",
  "finishedAt",
  "delayedUntil",
  "expiredAt",
];
