import type { RunResult } from "@pawl/contract/worker-protocol";
import type { HeldRun } from "./held-runs.ts";
import type { RunProcess } from "./run-process.ts";

/** The error of a run that failed. */
export type Failure = Extract<RunResult, { kind: "failed" }>["error"];

/** What the parts of an assignment ask of it: ending runs, and going on with processes. */
export interface RunKeeper {
  /** Ends a run with an error, unless it has ended. */
  fail(run: HeldRun, error: Failure, durationMs: number): void;
  /** Ends a run that somebody cancelled. */
  cancelled(run: HeldRun): void;
  /** Returns a run that has not begun to its queue. */
  giveBack(run: HeldRun): void;
  /** Goes on with a process that a run has left. @param isLast - whether it takes no further run */
  settle(process: RunProcess, isLast: boolean, nowMs: number): void;
  /** Executes a run that is due: in a certain process if that can take it now, otherwise in the next one. */
  executeNext(run: HeldRun, preferred: RunProcess | null): void;
}
