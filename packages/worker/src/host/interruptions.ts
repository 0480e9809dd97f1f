import type { Held } from "@pawl/contract/worker-protocol";
import type { AssignmentParts } from "./assignment.ts";
import type { HeldRun } from "./held-runs.ts";
import { enforceMaxDuration, exceededError } from "./max-duration.ts";
import type { RunKeeper } from "./run-keeper.ts";

/** How long a run may go on after its claim was lost, in milliseconds. */
const killDelayMs = 100;
/**
 * Ends runs that must not go on: somebody cancelled them, their claim is lost, or they are over their `maxDuration`. Each is
 * asked to end by its signal; what does not is stopped with its process. Where other runs execute, the process goes on with
 * them and takes no new ones: the run is ended for the server, and its code can ask for nothing more.
 */
export class Interruptions {
  readonly #parts: AssignmentParts;
  readonly #keeper: RunKeeper;
  readonly #cancelled = new Set<HeldRun>();

  constructor(parts: AssignmentParts, keeper: RunKeeper) {
    this.#parts = parts;
    this.#keeper = keeper;
  }

  /** Whether a cancelled run has still to end. */
  get hasCancelled(): boolean {
    return this.#cancelled.size > 0;
  }

  /** Asks runs to end that somebody cancelled; those that no process has end at once. */
  cancel(claims: readonly Held[], nowMs: number): void {
    for (const claim of claims) {
      const run = this.#parts.state.held.find(claim);
      if (run === undefined || run.cancelledAtMs !== null) continue;
      run.cancelledAtMs = nowMs;
      if (run.process === null) this.#keeper.cancelled(run);
      else {
        this.#cancelled.add(run);
        run.process.cancel(claim.runId);
      }
    }
  }

  /** Lets go of runs whose claim is lost; what executes is stopped. */
  lose(claims: readonly Held[]): void {
    const { state, calls } = this.#parts;
    for (const claim of claims) {
      const run = state.held.find(claim);
      if (run === undefined) continue;
      const { process, stage } = run;
      state.held.remove(run);
      calls.lost(run);
      if (process === null) continue;
      const nowMs = performance.now();
      const reason = "The claim of this run was lost.";
      if (stage === "parked" || stage === "resuming") {
        process.drop(claim.runId, reason, nowMs);
        this.#keeper.settle(process, false, nowMs);
        continue;
      }
      process.recall(nowMs);
      process.abort(claim.runId, reason);
      setTimeout(() => {
        if (process.executing.includes(run)) this.stop(run, performance.now());
      }, killDelayMs);
    }
  }

  /** Stops the runs that have had their time to end. */
  enforce(nowMs: number): void {
    const { state, pool } = this.#parts;
    for (const run of this.#cancelled) {
      if (!state.held.has(run)) this.#cancelled.delete(run);
      else if (run.cancelledAtMs !== null && nowMs - run.cancelledAtMs >= this.#parts.cancelGraceMs) {
        this.#cancelled.delete(run);
        if (this.stop(run, nowMs)) this.#keeper.cancelled(run);
      }
    }
    enforceMaxDuration(pool.values(), nowMs, (run, { limitMs }) => {
      const durationMs = run.process?.executedMs(run, nowMs) ?? 0;
      if (this.stop(run, nowMs)) this.#keeper.fail(run, exceededError(limitMs), durationMs);
    });
  }

  /**
   * Stops a run that does not end by itself.
   *
   * @returns false when its process was killed, whose death ends the run; true when the process goes on without it
   */
  stop(run: HeldRun, nowMs: number): boolean {
    const { process } = run;
    if (process === null) return true;
    const { executing } = process;
    if (executing.length === 1 && executing[0] === run) {
      process.kill();
      return false;
    }
    process.isClosed = true;
    process.drop(run.run.runId, "The run was to end, and did not.", nowMs);
    this.#keeper.settle(process, true, nowMs);
    return true;
  }
}
