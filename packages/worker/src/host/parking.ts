import type { Held, ResumedRun, WaitResult } from "@pawl/contract/worker-protocol";
import type { AssignmentParts } from "./assignment.ts";
import type { HeldRun } from "./held-runs.ts";
import { exceededError } from "./max-duration.ts";
import type { RunKeeper } from "./run-keeper.ts";
import type { RunProcess } from "./run-process.ts";

/** A run whose wait is over goes on beside another one when its process has not become free for so long, in milliseconds. */
const besideAfterMs = 1_000;

/** Thousands of runs can wait at once, so a payload of more characters than this is not kept for them. */
const maxKeptPayloadLength = 4_096;

type ResumedWait = ResumedRun["waits"][number];

/**
 * Runs that wait inside their processes: lets go of the process when the code of a run awaits, and lets the run go on when the
 * server says that a wait is over and its slot is taken again: at once in a process where nothing executes, otherwise as soon
 * as the executing run parks or ends, or beside it after a second.
 */
export class Parking {
  readonly #parts: AssignmentParts;
  readonly #keeper: RunKeeper;

  constructor(parts: AssignmentParts, keeper: RunKeeper) {
    this.#parts = parts;
    this.#keeper = keeper;
  }

  /** Parks a run whose code does nothing more until it is resumed. */
  park(process: RunProcess, runId: string, nowMs: number): void {
    const { state, sharing, sizing } = this.#parts;
    const run = process.find(runId);
    if (run?.stage !== "executing") return;
    if (run.exceeded !== null || !state.held.has(run)) {
      const durationMs = process.executedMs(run, nowMs);
      process.drop(runId, "The run was to end, and waits instead.", nowMs);
      if (run.exceeded !== null) this.#keeper.fail(run, exceededError(run.exceeded.limitMs), durationMs);
    } else {
      process.park(run, sharing.keepsProcess(process, run), nowMs);
      letGoOfPayload(run);
    }
    this.#keeper.settle(process, false, nowMs);
    if (process.state === "waiting" && !state.isDraining) sizing.grow(nowMs);
  }

  /** Lets runs go on whose waits are over. */
  resume(runs: readonly ResumedRun[], nowMs: number): void {
    for (const { waits, ...claim } of runs) {
      const run = this.#parts.state.held.find(claim);
      if (run === undefined || run.process === null) continue; // it has ended meanwhile
      if (run.stage === "parked") run.stage = "resuming";
      const missing = waits.filter(({ result }) => result === undefined);
      for (const { wait, result } of waits) if (result !== undefined) run.endedWaits.push({ wait, result });
      if (missing.length === 0) this.#goOn(run, nowMs);
      else void this.#fetch(run, missing);
    }
  }

  /** Lets the next run of a process go on in which nothing executes. @returns false when there is none */
  resumeNext(process: RunProcess, nowMs: number): boolean {
    const [run] = process.resuming;
    if (run === undefined || process.isEnding) return false;
    this.#parts.pool.takeThis(process);
    process.resume(run, nowMs);
    return true;
  }

  /** Lets runs go on that have waited for their process for a second. */
  resumeOverdue(nowMs: number): void {
    for (const process of this.#parts.pool.values()) {
      if (process.isEnding) continue;
      for (const run of [...process.resuming]) {
        if (nowMs - run.resumedAtMs >= besideAfterMs) process.resume(run, nowMs);
      }
    }
  }

  /** Tells the server of a run that lost its process through no fault of its own. */
  orphan(run: HeldRun): void {
    const { state, calls, reporter } = this.#parts;
    if (!state.held.has(run)) return;
    if (run.cancelledAtMs !== null) return this.#keeper.cancelled(run);
    state.held.remove(run);
    calls.forget(run);
    reporter.orphaned(run.run);
  }

  /** Lets go of every parked run, so that other hosts recover them. */
  orphanAll(): void {
    for (const process of this.#parts.pool.values()) for (const run of process.parked.values()) this.orphan(run);
  }

  #goOn(run: HeldRun, nowMs: number): void {
    const { process, stage } = run;
    if (process === null || !this.#parts.state.held.has(run)) return;
    if (stage === "executing") return process.tellEnded(run);
    if (stage !== "resuming" || process.resuming.includes(run)) return;
    run.resumedAtMs = nowMs;
    process.resuming.push(run);
    if (process.isExecuting) process.recall(nowMs);
    else this.resumeNext(process, nowMs);
  }

  async #fetch(run: HeldRun, missing: readonly ResumedWait[]): Promise<void> {
    const results = await Promise.all(missing.map(({ wait }) => this.#fetchOne(run, wait)));
    if (!this.#parts.state.held.has(run)) return;
    for (const [index, { wait }] of missing.entries()) {
      const result = results[index] ?? null;
      if (result === null) return this.#abandon(run);
      run.endedWaits.push({ wait, result });
    }
    this.#goOn(run, performance.now());
  }

  async #fetchOne(run: HeldRun, wait: string): Promise<WaitResult | null> {
    const { state, fetchWaitResult } = this.#parts;
    while (state.held.has(run)) {
      const result = await fetchWaitResult(run.run.runId, wait);
      if (result === "refused") return null;
      if (result !== "unreachable") return result;
    }
    return null;
  }

  // The server does not have the result of a wait that it said is over: only a new attempt can find out more.
  #abandon(run: HeldRun): void {
    const { process } = run;
    const claim: Held = run.run;
    this.orphan(run);
    if (process === null) return;
    const nowMs = performance.now();
    process.drop(claim.runId, "The result of a wait could not be fetched.", nowMs);
    this.#keeper.settle(process, false, nowMs);
  }
}

function letGoOfPayload(run: HeldRun): void {
  const { payload, ...rest } = run.run;
  if (payload === undefined || payload.length <= maxKeptPayloadLength) return;
  run.run = rest;
  run.isPayloadGone = true;
}
