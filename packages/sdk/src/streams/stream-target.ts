import { RunContextError } from "../errors/task-error.ts";
import type { ActiveRun } from "../runtime.ts";
import { callerRun } from "../trigger/caller-run.ts";
import type { StreamTarget } from "./stream-types.ts";

/** Where chunks go, and the run whose code sends them. */
export interface ResolvedTarget {
  readonly runId: string;
  /** Null in a backend. */
  readonly run: ActiveRun | null;
}

/**
 * Finds the run that a stream belongs to.
 *
 * @param callName - the call, for messages
 * @param target - what the caller says
 * @returns the id of the run; a run without a parent stands for its own parent and root
 * @throws RunContextError outside of a run, where only the id of a run can tell, and where a run's context is lost
 * @example
 * ```ts
 * const { runId } = resolveTarget("streams.append", "parent");
 * ```
 */
export function resolveTarget(callName: string, target: StreamTarget = "self"): ResolvedTarget {
  const isRelative = target === "self" || target === "parent" || target === "root";
  const run = callerRun(callName);
  if (!isRelative) return { runId: target, run };
  if (run === null) {
    throw new RunContextError(
      `${callName} writes to the run that calls it, and here is none: pass { target: "run_…" }, the id of the run to write to.`,
    );
  }
  if (target === "self") return { runId: run.runId, run };
  return { runId: (target === "parent" ? run.parentRunId : run.rootRunId) ?? run.runId, run };
}
