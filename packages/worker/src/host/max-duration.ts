import type { TaskManifest } from "@pawl/contract/task-manifest";
import type { RunResult } from "@pawl/contract/worker-protocol";
import type { HeldRun } from "./held-runs.ts";
import type { Failure } from "./run-keeper.ts";
import type { RunProcess } from "./run-process.ts";

/** How long a run may go on after its signal has fired, in milliseconds. */
const endingGraceMs = 1_000;

/** How long an attempt of each task may execute, in milliseconds, by the task's id; tasks without a limit are not in it. */
export type DurationLimits = ReadonlyMap<string, number>;

/** Gathers the limits of a version's tasks. */
export function durationLimits(tasks: readonly Pick<TaskManifest, "id" | "maxDuration">[]): DurationLimits {
  return new Map(
    tasks.flatMap(({ id, maxDuration }) => (maxDuration === undefined ? [] : [[id, maxDuration * 1_000]])),
  );
}

/**
 * Looks at the runs that execute: one over its limit is asked to end by its signal, and the runs behind it go back; one that
 * goes on for another second is stopped. Either way `withinMaxDuration` says how the run ends. Only the time in which a run
 * executes counts, not that in which it is parked.
 *
 * @param processes - all of a host
 * @param nowMs - on the monotonic clock
 * @param stop - stops a run that does not heed its signal
 */
export function enforceMaxDuration(
  processes: Iterable<RunProcess>,
  nowMs: number,
  stop: (run: HeldRun, exceeded: NonNullable<HeldRun["exceeded"]>) => void,
): void {
  for (const process of processes) {
    if (process.state !== "busy") continue;
    for (const run of process.executing) {
      const limitMs = limitOf(run, process);
      if (limitMs === undefined || process.executedMs(run, nowMs) < limitMs) continue;
      if (run.exceeded === null) {
        run.exceeded = { limitMs, atMs: nowMs };
        process.recall(nowMs);
        process.abort(run.run.runId, textOf(limitMs));
      } else if (nowMs - run.exceeded.atMs >= endingGraceMs) stop(run, run.exceeded);
    }
  }
}

// What the trigger said goes before what the task says.
function limitOf({ run }: HeldRun, process: RunProcess): number | undefined {
  if (run.maxDuration !== undefined) return run.maxDuration * 1_000;
  return process.bundle.durationLimits?.get(run.taskId);
}

/** The error of a run over its limit. @param limitMs - the limit in milliseconds */
export function exceededError(limitMs: number): Failure {
  return { type: "INTERNAL_ERROR", code: "MAX_DURATION_EXCEEDED", message: textOf(limitMs) };
}

/** What to report for a run that ended: its own result, unless it was over its limit by then; that is never tried again. */
export function withinMaxDuration(run: HeldRun, result: RunResult): RunResult {
  if (run.exceeded === null) return result;
  const { runId, fence, durationMs } = result;
  const error = exceededError(run.exceeded.limitMs);
  return { kind: "failed", runId, fence, error, durationMs, retry: { never: true } };
}

function textOf(limitMs: number): string {
  return `The run executed for longer than its maxDuration of ${limitMs / 1_000} s.`;
}
