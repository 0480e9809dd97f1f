import type { RunResult, TelemetryRecord, WaitResult } from "@pawl/contract/worker-protocol";
import type { ExecutionEnd, ImportFailure, Prepared } from "../channel/messages.ts";
import { type Calls, lostClaimError } from "./calls.ts";
import { type HeldRun, runsToGiveBack, type VersionQueue } from "./held-runs.ts";
import type { HostEvent } from "./host-event.ts";
import type { HostState } from "./host-state.ts";
import { Interruptions } from "./interruptions.ts";
import { withinMaxDuration } from "./max-duration.ts";
import { withRetry } from "./next-attempt.ts";
import { Parking } from "./parking.ts";
import { Placement } from "./placement.ts";
import { errorOfDeath, type ProcessDeath } from "./process-death.ts";
import type { ProcessPool } from "./process-pool.ts";
import type { Reporter } from "./reporter.ts";
import { Retries } from "./retries.ts";
import type { Failure, RunKeeper } from "./run-keeper.ts";
import type { ChildCall, ProcessObserver, RunProcess } from "./run-process.ts";
import type { Sharing } from "./sharing.ts";
import type { Sizing } from "./sizing.ts";

/** What an assignment works with. */
export interface AssignmentParts {
  readonly state: HostState;
  readonly pool: ProcessPool;
  readonly sizing: Sizing;
  readonly reporter: Reporter;
  readonly calls: Calls;
  readonly sharing: Sharing;
  /** Fetches what a wait of a run came to, or says why it can't be had. */
  readonly fetchWaitResult: (runId: string, wait: string) => Promise<WaitResult | "refused" | "unreachable">;
  /** How long a cancelled run gets for its `onCancel`, in milliseconds. */
  readonly cancelGraceMs: number;
  readonly onTelemetry: (records: readonly TelemetryRecord[]) => void;
  readonly onEvent: ((event: HostEvent) => void) | null;
}

/**
 * Brings runs and processes together: gives each run to a process, the starts of those claimed ahead and the results of all
 * to the reporter.
 */
export class Assignment implements ProcessObserver, RunKeeper {
  readonly parking: Parking;
  readonly interruptions: Interruptions;
  readonly retries: Retries;
  readonly #parts: AssignmentParts;
  readonly #placement: Placement;
  readonly #freedAtMs = new Map<string, number>();
  readonly #preparing = new Map<RunProcess, (failure: ImportFailure | null) => void>();
  readonly #drainedVersions = new Set<string>();
  #onIdle: (() => void) | null = null;

  constructor(parts: AssignmentParts) {
    this.#parts = parts;
    this.#placement = new Placement(parts);
    this.parking = new Parking(parts, this);
    this.interruptions = new Interruptions(parts, this);
    this.retries = new Retries(parts, this);
    parts.pool.observe(this);
  }

  /** Resolves with null once a process is prepared, or with the reason why it can't be. */
  whenPrepared(process: RunProcess): Promise<ImportFailure | null> {
    return new Promise((resolve) => this.#preparing.set(process, resolve));
  }

  /** Resolves when nothing executes any more. */
  whenIdle(): Promise<void> {
    if (this.#parts.pool.busyCount === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  // ── runs ──

  /** Puts a run that is complete with its payload where it waits for a process. */
  queue(held: HeldRun, lane: "waiting" | "ahead"): void {
    held.stage = lane;
    this.#parts.state.held.queue(held.run.versionId)[lane].push(held);
  }

  /** Returns a run that has not begun to its queue. */
  giveBack(run: HeldRun): void {
    this.#parts.state.held.remove(run);
    this.#parts.reporter.returned(run.run);
  }

  /** Goes on with runs whose start is committed now. */
  started(runs: readonly HeldRun[]): void {
    const { state } = this.#parts;
    const touched = new Set<string>();
    for (const run of runs) {
      if (!state.held.has(run) || run.stage !== "starting") continue;
      state.held.queue(run.run.versionId).startingCount--;
      this.queue(run, "waiting");
      touched.add(run.run.versionId);
      if (state.isDraining) this.giveBack(run);
    }
    for (const versionId of touched) this.pump(versionId, performance.now());
  }

  /** Gives waiting runs of a version to its processes, and reports the starts of as many more as will find one. */
  pump(versionId: string, nowMs: number): void {
    const { state, pool, sizing } = this.#parts;
    const queue = state.held.queue(versionId);
    this.#placement.place(versionId, nowMs);
    const version = state.versions.get(versionId);
    if (version === undefined) return;
    if (queue.ahead.length > 0 && !state.isDraining) {
      const inAdvance = sizing.startsInAdvance(version, nowMs);
      this.#start(queue, pool.idleCount(versionId) + inAdvance - queue.waiting.length - queue.startingCount);
    }
    if (queue.waiting.length > 0 && version !== state.current) pool.grow(version, 1, nowMs);
  }

  /** Gives back what lies for too long. */
  relieve(nowMs: number): void {
    const { state, pool, sizing } = this.#parts;
    for (const [versionId, queue] of state.held.queues()) {
      if (queue.ahead.length + queue.waiting.length === 0) continue;
      const version = state.versions.get(versionId);
      const flow = {
        nowMs,
        freedAtMs: this.#freedAtMs.get(versionId) ?? 0,
        aheadLimit: version === undefined ? 0 : sizing.aheadLimit(version, nowMs),
        isStartingProcess: pool.startingCount(versionId) > 0,
      };
      for (const run of runsToGiveBack(queue, flow)) this.giveBack(run);
    }
    pool.recallStuck(nowMs);
  }

  /** Executes a run that is due: in a certain process if that can take it now, otherwise in the next one. */
  executeNext(run: HeldRun, preferred: RunProcess | null): void {
    const nowMs = performance.now();
    if (preferred !== null && this.#placement.placeIn(preferred, run, nowMs)) return;
    run.stage = "waiting";
    this.#parts.state.held.queue(run.run.versionId).waiting.unshift(run);
    this.pump(run.run.versionId, nowMs);
  }

  /** Ends a run with an error, unless it has ended. */
  fail(run: HeldRun, error: Failure, durationMs: number): void {
    if (!this.#parts.state.held.has(run)) return;
    const { runId, fence } = run.run;
    this.#finish(run, { kind: "failed", runId, fence, error, durationMs });
  }

  /** Ends a run that somebody cancelled. */
  cancelled(run: HeldRun): void {
    this.fail(run, { type: "INTERNAL_ERROR", code: "TASK_RUN_CANCELLED" }, run.executedMs);
  }

  // ── processes ──

  prepared(process: RunProcess, { unshared }: Prepared): void {
    this.#parts.sharing.learn(process.bundle.versionId, unshared);
    this.#parts.pool.add(process);
    this.#settlePreparing(process, null);
    this.#freed(process.bundle.versionId, performance.now());
  }

  broken(process: RunProcess, failure: ImportFailure): void {
    const isFirst = this.#preparing.has(process);
    this.#settlePreparing(process, failure);
    process.kill();
    if (isFirst) return;
    const { versionId } = process.bundle;
    const { message, stack: stackTrace } = failure;
    this.#tell({ type: "process_failed", versionId, message });
    const error = { type: "INTERNAL_ERROR", code: "COULD_NOT_IMPORT_TASK", message, stackTrace } as const;
    for (const run of [...this.#parts.state.held.queue(versionId).waiting]) this.fail(run, error, 0);
  }

  ended(process: RunProcess, end: ExecutionEnd): void {
    const { state } = this.#parts;
    const nowMs = performance.now();
    const isCurrent = process.runs[0]?.run.runId === end.result.runId;
    const run = process.leave(end.result.runId, nowMs);
    if (run === undefined) return;
    if (end.rss !== undefined) process.rss = end.rss;
    if (end.metadata !== undefined) run.metadata = end.metadata;
    state.pace.observe(end.result.durationMs);
    if (state.held.has(run)) this.#finish(run, end.result);
    if (end.isLast === true) {
      process.isClosed = true;
      this.#putBack(process.runs.splice(isCurrent ? 0 : 1));
    }
    this.settle(process, end.isLast === true, nowMs);
  }

  /** Goes on with a process that a run has left: with its next one, with one that is to be resumed, or as a free process. */
  settle(process: RunProcess, isLast: boolean, nowMs: number): void {
    const { state, pool } = this.#parts;
    const { versionId } = process.bundle;
    if (process.runs.length > 0) this.#drained(versionId, nowMs);
    else if (process.beside.size === 0 && !this.parking.resumeNext(process, nowMs)) {
      const version = state.versions.get(versionId);
      pool.release(process, isLast || version?.processKeepAlive !== true, nowMs);
      const isUnwanted = version !== state.current && state.held.queue(versionId).ahead.length === 0;
      if (isUnwanted) pool.retireIdle(versionId);
      this.#freed(versionId, nowMs);
    }
    this.#noteIdle();
  }

  unbegun(process: RunProcess, runs: readonly HeldRun[]): void {
    this.#putBack(runs);
    const [current] = process.runs;
    if (!process.isExecuting && process.state === "busy") this.settle(process, false, performance.now());
    else if (current !== undefined && !this.#parts.state.held.has(current)) {
      this.interruptions.stop(current, performance.now()); // its claim was lost, and it has begun all the same
    }
    this.pump(process.bundle.versionId, performance.now());
  }

  called(process: RunProcess, call: ChildCall): void {
    const { state, calls } = this.#parts;
    const run = process.find(call.runId);
    if (run !== undefined && state.held.has(run)) calls.add(run, call);
    else process.answer(call.runId, { call: call.call, error: lostClaimError });
  }

  parked(process: RunProcess, runId: string): void {
    this.parking.park(process, runId, performance.now());
  }

  telemetry(records: readonly TelemetryRecord[]): void {
    this.#parts.onTelemetry(records);
    if (this.#parts.onEvent === null) return;
    for (const record of records) if (record.kind === "log") this.#tell({ type: "run_log", record });
  }

  died(process: RunProcess, death: ProcessDeath): void {
    const { state, pool, sizing } = this.#parts;
    const nowMs = performance.now();
    const wasPrepared = process.preparedRss > 0;
    pool.remove(process, wasPrepared, nowMs);
    this.#endAll(process, death, nowMs);
    if (!wasPrepared) {
      const message = `A run process ended before it was prepared. ${death.outputTail.slice(-2_000)}`;
      const isKnown = !this.#settlePreparing(process, { filePath: null, message, stack: "" });
      if (isKnown && !state.isDraining && !process.wasKilled) {
        this.#tell({ type: "process_failed", versionId: process.bundle.versionId, message });
      }
    }
    this.#noteIdle();
    if (state.isDraining) return;
    sizing.grow(nowMs);
    this.#freed(process.bundle.versionId, nowMs);
  }

  // The runs that executed are charged, those that were parked are not. When memory ran out nobody can say whose it was.
  #endAll(process: RunProcess, death: ProcessDeath, nowMs: number): void {
    const { sharing } = this.#parts;
    const { executing } = process;
    const durations = executing.map((run) => process.executedMs(run, nowMs));
    const parked = [...process.parked.values()];
    const unbegun = process.runs.slice(1);
    for (const { run } of [...executing, ...unbegun, ...parked]) process.leave(run.runId, nowMs);
    const error = errorOfDeath(death);
    const isNobodys = parked.length > 0 && error.code === "TASK_PROCESS_OOM_KILLED";
    for (const [index, run] of executing.entries()) {
      const isOwnDoing = !process.wasKilled || run.exceeded !== null || run.cancelledAtMs !== null;
      if (isOwnDoing && parked.length + executing.length > 1) sharing.unshare(run.run.versionId, run.run.taskId);
      if (isNobodys) this.parking.orphan(run);
      else this.fail(run, error, durations[index] ?? 0);
    }
    for (const run of parked) this.parking.orphan(run);
    this.#putBack(unbegun);
  }

  #start(queue: VersionQueue, room: number): void {
    for (let i = 0; i < room; i++) {
      const run = queue.ahead.shift();
      if (run === undefined) return;
      run.stage = "starting";
      queue.startingCount++;
      this.#parts.reporter.started(run);
    }
  }

  // In front of the others: they are started, and have waited longest.
  #putBack(runs: readonly HeldRun[]): void {
    const { state } = this.#parts;
    for (const run of [...runs].reverse()) {
      if (!state.held.has(run)) continue;
      run.process = null;
      if (run.cancelledAtMs !== null) {
        this.cancelled(run);
        continue;
      }
      run.stage = "waiting";
      state.held.queue(run.run.versionId).waiting.unshift(run);
      if (state.isDraining) this.giveBack(run);
    }
  }

  #finish(run: HeldRun, ownResult: RunResult): void {
    const result = asCancelled(run, withinMaxDuration(run, ownResult));
    const { state, calls } = this.#parts;
    // The process knows its version even when the host has let go of it.
    const version = run.process?.bundle ?? state.versions.get(run.run.versionId);
    const policy = version?.retryPolicies?.get(run.run.taskId);
    state.held.remove(run);
    calls.forget(run);
    const reported = this.retries.report(run, withRetry(result, run.run, policy));
    this.#tell({ type: "run_finished", run: run.run, result: reported });
  }

  #freed(versionId: string, nowMs: number): void {
    this.#freedAtMs.set(versionId, nowMs);
    this.pump(versionId, nowMs);
    this.#parts.reporter.wake();
  }

  // A process that still has runs can wait for the end of this turn, when the ends of more of them have been read.
  #drained(versionId: string, nowMs: number): void {
    this.#freedAtMs.set(versionId, nowMs);
    if (this.#drainedVersions.size === 0) {
      setImmediate(() => {
        const versionIds = [...this.#drainedVersions];
        this.#drainedVersions.clear();
        for (const drained of versionIds) this.#freed(drained, performance.now());
      });
    }
    this.#drainedVersions.add(versionId);
  }

  #settlePreparing(process: RunProcess, failure: ImportFailure | null): boolean {
    this.#preparing.get(process)?.(failure);
    return this.#preparing.delete(process);
  }

  #noteIdle(): void {
    if (this.#onIdle !== null && this.#parts.pool.busyCount === 0) this.#onIdle();
  }

  #tell(event: HostEvent): void {
    this.#parts.onEvent?.(event);
  }
}

// A cancelled run that fails has no other attempt; whether one that completes was cancelled in time, the server decides.
function asCancelled(run: HeldRun, result: RunResult): RunResult {
  if (run.cancelledAtMs === null || result.kind === "completed") return result;
  const { runId, fence, durationMs } = result;
  const error = { type: "INTERNAL_ERROR", code: "TASK_RUN_CANCELLED" } as const;
  return { kind: "failed", runId, fence, error, durationMs, retry: { never: true } };
}
