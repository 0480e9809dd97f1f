import type { RunResult } from "@pawl/contract/worker-protocol";
import type { AssignmentParts } from "./assignment.ts";
import type { HeldRun } from "./held-runs.ts";
import type { RunKeeper } from "./run-keeper.ts";
import type { RunProcess } from "./run-process.ts";

/** A next attempt that is due so soon stays with its host and keeps its slot, in milliseconds. */
const maxStayMs = 1_000;

interface NextAttempt {
  readonly dueAtMs: number;
  /** Where the last attempt executed. */
  readonly process: RunProcess | null;
}

/** Next attempts that are due so soon that the run stays: each begins when the end of the one before is committed. */
export class Retries {
  readonly #parts: AssignmentParts;
  readonly #keeper: RunKeeper;
  readonly #next = new WeakMap<HeldRun, NextAttempt>();

  constructor(parts: AssignmentParts, keeper: RunKeeper) {
    this.#parts = parts;
    this.#keeper = keeper;
  }

  /**
   * Reports how a run ended, that is held no more. When its next attempt is due within a second it is held again, for that
   * attempt.
   *
   * @returns the result as it is reported
   */
  report(run: HeldRun, result: RunResult): RunResult {
    const { state, reporter } = this.#parts;
    const delayMs = stayMs(result);
    const canStay = !run.isPayloadGone && !state.isDraining && state.versions.has(run.run.versionId);
    if (result.kind === "completed" || delayMs === null || !canStay) {
      reporter.result(result);
      return result;
    }
    const nowMs = performance.now();
    const attempt = run.run.attempt + 1;
    const metadata = run.metadata === null ? {} : { metadata: run.metadata };
    const next = state.held.add({ ...run.run, ...metadata, attempt, isRecovery: false }, "retrying", nowMs);
    if (next !== null) this.#next.set(next, { dueAtMs: nowMs + delayMs, process: run.process });
    const reported: RunResult = { ...result, attempt: run.run.attempt, retry: { delayMs, inPlace: true } };
    reporter.result(reported, next);
    return reported;
  }

  /** Begins next attempts when they are due; the ends of those before are committed. */
  acked(runs: readonly HeldRun[]): void {
    for (const run of runs) {
      const next = this.#next.get(run);
      if (next === undefined) continue;
      const delayMs = next.dueAtMs - performance.now();
      if (delayMs <= 0) this.#begin(run, next.process);
      else setTimeout(() => this.#begin(run, next.process), delayMs);
    }
  }

  #begin(run: HeldRun, process: RunProcess | null): void {
    const { state } = this.#parts;
    if (!state.held.has(run)) return; // cancelled or lost meanwhile
    if (state.isDraining || !state.versions.has(run.run.versionId)) return this.#keeper.giveBack(run);
    run.sinceMs = performance.now();
    this.#keeper.executeNext(run, process);
  }
}

function stayMs(result: RunResult): number | null {
  if (result.kind !== "failed" || result.retry === undefined || !("delayMs" in result.retry)) return null;
  return result.retry.delayMs <= maxStayMs ? result.retry.delayMs : null;
}
