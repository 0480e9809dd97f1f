import type { TaskManifest } from "@pawl/contract/task-manifest";
import type { RunResult } from "@pawl/contract/worker-protocol";
import type { HeldRun } from "./held-runs.ts";
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
 * Looks at the run that each process executes: one over its limit is asked to end by its signal, and the runs behind it go
 * back; a process whose run goes on for another second is killed. Either way `withinMaxDuration` says how the run ends.
 *
 * @param processes - all of a host
 * @param nowMs - on the monotonic clock
 */
export function enforceMaxDuration(processes: Iterable<RunProcess>, nowMs: number): void {
  for (const process of processes) {
    const limits = process.bundle.durationLimits;
    const run = process.runs[0];
    if (limits === undefined || limits.size === 0 || run === undefined || process.state !== "busy") continue;
    const limitMs = limits.get(run.run.taskId);
    if (limitMs === undefined || nowMs - process.sinceMs < limitMs) continue;
    if (run.exceeded === null) {
      run.exceeded = { limitMs, atMs: nowMs };
      process.recall(nowMs);
      process.abort(run.run.runId, textOf(limitMs));
    } else if (nowMs - run.exceeded.atMs >= endingGraceMs) process.kill();
  }
}

/** What to report for a run that ended: its own result, unless it was over its limit by then; that is never tried again. */
export function withinMaxDuration(run: HeldRun, result: RunResult): RunResult {
  if (run.exceeded === null) return result;
  const { runId, fence, durationMs } = result;
  const message = textOf(run.exceeded.limitMs);
  const error = { type: "INTERNAL_ERROR", code: "MAX_DURATION_EXCEEDED", message } as const;
  return { kind: "failed", runId, fence, error, durationMs, retry: { never: true } };
}

function textOf(limitMs: number): string {
  return `The run executed for longer than its maxDuration of ${limitMs / 1_000} s.`;
}
