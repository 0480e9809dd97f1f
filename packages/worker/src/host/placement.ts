import type { AssignedRun } from "@pawl/contract/worker-protocol";
import type { RunOrder } from "../channel/messages.ts";
import type { AssignmentParts } from "./assignment.ts";
import type { HeldRun, VersionQueue } from "./held-runs.ts";
import { isWornOut } from "./process-pool.ts";
import type { RunProcess } from "./run-process.ts";

/** Gives runs to the processes that can take them. */
export class Placement {
  readonly #parts: AssignmentParts;

  constructor(parts: AssignmentParts) {
    this.#parts = parts;
  }

  /** Gives runs of a version that wait for a process to those that are free, as far as they go. */
  place(versionId: string, nowMs: number): void {
    const { state, pool, sharing } = this.#parts;
    const queue = state.held.queue(versionId);
    if (sharing.isUnlimited(versionId)) {
      while (queue.waiting.length > 0) {
        const process = pool.take(versionId);
        if (process === undefined) break;
        this.#execute(process, queue.waiting.splice(0, 1), nowMs);
      }
    } else this.#placeEach(versionId, queue, nowMs);
    if (queue.waiting.length > 0) this.#fillUp(versionId, queue, nowMs);
  }

  /** Gives a run to a certain process. @returns false when that can't take it now */
  placeIn(process: RunProcess, run: HeldRun, nowMs: number): boolean {
    const { pool, sharing } = this.#parts;
    const canShare = process.parked.size === 0 || sharing.isShared(run);
    if (!canShare || !pool.takeThis(process)) return false;
    this.#execute(process, [run], nowMs);
    return true;
  }

  // Runs that share no process need one in which nothing is parked.
  #placeEach(versionId: string, queue: VersionQueue, nowMs: number): void {
    const { pool, sharing, state } = this.#parts;
    for (const run of [...queue.waiting]) {
      const process = sharing.isShared(run) ? pool.take(versionId) : pool.takeEmpty(versionId);
      if (process === undefined) continue;
      queue.waiting.splice(queue.waiting.indexOf(run), 1);
      this.#execute(process, [run], nowMs);
    }
    const version = state.versions.get(versionId);
    const isMissing = queue.waiting.some((run) => !sharing.isShared(run));
    if (isMissing && version !== undefined && pool.idleCount(versionId) > 0) pool.growEmpty(version, nowMs);
  }

  // Very short runs go to their process several at a time.
  #fillUp(versionId: string, queue: VersionQueue, nowMs: number): void {
    const { pool, state } = this.#parts;
    const perProcess = state.pace.runsPerProcess;
    if (perProcess === 1 || state.versions.get(versionId)?.processKeepAlive !== true) return;
    for (const process of pool.values()) {
      if (process.state !== "busy" || process.bundle.versionId !== versionId) continue;
      if (process.runs.length * 2 > perProcess || nowMs - process.sinceMs > perProcess * 2) continue;
      if (isWornOut(process) || !takesMore(process)) continue;
      const runs = queue.waiting.splice(0, this.#roomBehind(process, queue, perProcess));
      if (runs.length > 0) this.#execute(process, runs, nowMs);
      if (queue.waiting.length === 0) return;
    }
  }

  // Runs that share no process lie behind none, and none behind them.
  #roomBehind(process: RunProcess, queue: VersionQueue, perProcess: number): number {
    const { sharing } = this.#parts;
    const room = perProcess - process.runs.length;
    if (sharing.isUnlimited(process.bundle.versionId)) return room;
    if (!process.runs.every((run) => sharing.isShared(run))) return 0;
    const alone = queue.waiting.findIndex((run) => !sharing.isShared(run));
    return alone === -1 ? room : Math.min(alone, room);
  }

  #execute(process: RunProcess, runs: readonly HeldRun[], nowMs: number): void {
    const { state, sizing } = this.#parts;
    process.execute(runs, (held) => this.#order(held.run), nowMs);
    const { onEvent } = this.#parts;
    if (onEvent !== null) {
      for (const { run } of runs) onEvent({ type: "run_started", run, versionLabel: this.#labelOf(run) });
    }
    // A process of one run is used up now; the next one is prepared while it executes.
    if (state.current?.processKeepAlive === false) sizing.grow(nowMs);
  }

  #order(run: AssignedRun): RunOrder {
    return { run, versionLabel: this.#labelOf(run), environment: this.#parts.state.environment };
  }

  #labelOf(run: AssignedRun): string {
    return this.#parts.state.versions.get(run.versionId)?.label ?? "";
  }
}

// Beside one that was resumed, and before one that is to be, nothing new begins.
function takesMore(process: RunProcess): boolean {
  return !process.isClosed && process.keepers === 0 && process.beside.size === 0 && process.resuming.length === 0;
}
