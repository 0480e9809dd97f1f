import type { UnsharedTasks } from "../channel/messages.ts";
import type { HeldRun } from "./held-runs.ts";
import type { RunProcess } from "./run-process.ts";

/** So many runs are parked in one process at most. */
export const maxParkedRuns = 500;
/** Nothing is parked in a process once so much of its heap's limit is used. */
export const maxHeapUsedRatio = 0.5;

interface Unshared {
  all: boolean;
  readonly taskIds: Set<string>;
}

/**
 * Which tasks' runs may share a process with others while they wait. Not those that `onWait` or `onResume` concern, since they
 * close and open what the module holds, nor, in the same version, those whose run killed a process that held others.
 */
export class Sharing {
  readonly #versions = new Map<string, Unshared>();

  /** Takes in what a process says of its bundle. */
  learn(versionId: string, { all, taskIds }: UnsharedTasks): void {
    if (!all && taskIds.length === 0) return;
    const unshared = this.#of(versionId);
    unshared.all ||= all;
    for (const taskId of taskIds) unshared.taskIds.add(taskId);
  }

  /** Lets a task's runs share no process any more. */
  unshare(versionId: string, taskId: string): void {
    this.#of(versionId).taskIds.add(taskId);
  }

  /** Whether every run of a version may share. */
  isUnlimited(versionId: string): boolean {
    return !this.#versions.has(versionId);
  }

  isShared({ run }: HeldRun): boolean {
    const unshared = this.#versions.get(run.versionId);
    return unshared === undefined || (!unshared.all && !unshared.taskIds.has(run.taskId));
  }

  /** Whether a process stays closed to others while a run that executes in it waits. */
  keepsProcess(process: RunProcess, run: HeldRun): boolean {
    if (process.bundle.processKeepAlive !== true || !this.isShared(run)) return true;
    return process.parked.size >= maxParkedRuns || process.heapUsedRatio >= maxHeapUsedRatio;
  }

  #of(versionId: string): Unshared {
    let unshared = this.#versions.get(versionId);
    if (unshared === undefined) {
      unshared = { all: false, taskIds: new Set() };
      this.#versions.set(versionId, unshared);
    }
    return unshared;
  }
}
