import type { AssignedRun, Held, RunResult, TelemetryRecord } from "@pawl/contract/worker-protocol";
import type { ExecutionEnd, ImportFailure, RunOrder } from "../channel/messages.ts";
import { type HeldRun, runsToGiveBack, type VersionQueue } from "./held-runs.ts";
import type { HostEvent } from "./host-event.ts";
import type { HostState } from "./host-state.ts";
import { enforceMaxDuration, withinMaxDuration } from "./max-duration.ts";
import { withRetry } from "./next-attempt.ts";
import { errorOfDeath, type ProcessDeath } from "./process-death.ts";
import { isWornOut, type ProcessPool } from "./process-pool.ts";
import type { Reporter } from "./reporter.ts";
import type { ProcessObserver, RunProcess } from "./run-process.ts";
import type { Sizing } from "./sizing.ts";

/** What an assignment works with. */
export interface AssignmentParts {
  readonly state: HostState;
  readonly pool: ProcessPool;
  readonly sizing: Sizing;
  readonly reporter: Reporter;
  readonly onTelemetry: (records: readonly TelemetryRecord[]) => void;
  readonly onEvent: ((event: HostEvent) => void) | null;
}

const killDelayMs = 100;

/**
 * Brings runs and processes together: gives each run to a process, the starts of those claimed ahead and the results of all
 * to the reporter.
 */
export class Assignment implements ProcessObserver {
  readonly #parts: AssignmentParts;
  readonly #freedAtMs = new Map<string, number>();
  readonly #preparing = new Map<RunProcess, (failure: ImportFailure | null) => void>();
  readonly #drainedVersions = new Set<string>();
  #onIdle: (() => void) | null = null;

  constructor(parts: AssignmentParts) {
    this.#parts = parts;
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

  /** Lets go of runs whose claim is lost; what executes is stopped, with its process. */
  lose(claims: readonly Held[]): void {
    for (const claim of claims) {
      const run = this.#parts.state.held.find(claim);
      if (run === undefined) continue;
      this.#parts.state.held.remove(run);
      const { process } = run;
      if (process === null) continue;
      process.recall(performance.now());
      process.abort(claim.runId, "The claim of this run was lost.");
      setTimeout(() => {
        if (process.runs[0] === run) process.kill();
      }, killDelayMs);
    }
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
    while (queue.waiting.length > 0) {
      const process = pool.take(versionId);
      if (process === undefined) break;
      this.#execute(process, queue, 1, nowMs);
    }
    if (queue.waiting.length > 0) this.#fillUp(versionId, queue, nowMs);
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

  /** Ends runs that execute for longer than their task allows. */
  enforceLimits(nowMs: number): void {
    enforceMaxDuration(this.#parts.pool.values(), nowMs);
  }

  // ── processes ──

  prepared(process: RunProcess): void {
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
    const { state, pool } = this.#parts;
    const nowMs = performance.now();
    const run = process.endFirst(end.result.runId);
    if (run === undefined) return;
    if (end.rss !== undefined) process.rss = end.rss;
    state.pace.observe(end.result.durationMs);
    if (state.held.has(run)) this.#finish(run, end.result);
    const { versionId } = process.bundle;
    if (end.isLast === true) this.#putBack(process.runs.splice(0));
    const version = state.versions.get(versionId);
    process.sinceMs = nowMs;
    if (process.runs.length === 0) {
      pool.release(process, end.isLast === true || version?.processKeepAlive !== true, nowMs);
      const isUnwanted = version !== state.current && state.held.queue(versionId).ahead.length === 0;
      if (isUnwanted) pool.retireIdle(versionId, 0);
    }
    if (process.runs.length === 0) this.#freed(versionId, nowMs);
    else this.#drained(versionId, nowMs);
    this.#noteIdle();
  }

  unbegun(process: RunProcess, runs: readonly HeldRun[]): void {
    this.#putBack(runs);
    const [executing] = process.runs;
    if (executing === undefined && process.state === "busy") {
      this.#parts.pool.release(process, false, performance.now());
      this.#noteIdle();
    } else if (executing !== undefined && !this.#parts.state.held.has(executing)) {
      process.kill(); // its claim was lost, and it has begun all the same
    }
    this.pump(process.bundle.versionId, performance.now());
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
    const [executing, ...unbegun] = process.runs.splice(0);
    if (executing !== undefined) this.fail(executing, errorOfDeath(death), nowMs - process.sinceMs);
    this.#putBack(unbegun);
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

  /** Ends a run with an error. */
  fail(run: HeldRun, error: Extract<RunResult, { kind: "failed" }>["error"], durationMs: number): void {
    if (!this.#parts.state.held.has(run)) return;
    const { runId, fence } = run.run;
    this.#finish(run, { kind: "failed", runId, fence, error, durationMs });
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

  // Very short runs go to their process several at a time.
  #fillUp(versionId: string, queue: VersionQueue, nowMs: number): void {
    const { pool, state } = this.#parts;
    const perProcess = state.pace.runsPerProcess;
    if (perProcess === 1 || state.versions.get(versionId)?.processKeepAlive !== true) return;
    for (const process of pool.values()) {
      if (process.state !== "busy" || process.bundle.versionId !== versionId) continue;
      if (process.runs.length * 2 > perProcess || nowMs - process.sinceMs > perProcess * 2) continue;
      if (isWornOut(process)) continue;
      this.#execute(process, queue, perProcess - process.runs.length, nowMs);
      if (queue.waiting.length === 0) return;
    }
  }

  #execute(process: RunProcess, queue: VersionQueue, count: number, nowMs: number): void {
    const { state, sizing } = this.#parts;
    const runs = queue.waiting.splice(0, count);
    process.execute(runs, (held) => this.#order(held.run), nowMs);
    if (this.#parts.onEvent !== null) {
      for (const { run } of runs) this.#tell({ type: "run_started", run, versionLabel: this.#labelOf(run) });
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

  // In front of the others: they are started, and have waited longest.
  #putBack(runs: readonly HeldRun[]): void {
    const { state } = this.#parts;
    for (const run of [...runs].reverse()) {
      if (!state.held.has(run)) continue;
      run.process = null;
      run.stage = "waiting";
      state.held.queue(run.run.versionId).waiting.unshift(run);
      if (state.isDraining) this.giveBack(run);
    }
  }

  #finish(run: HeldRun, ownResult: RunResult): void {
    const result = withinMaxDuration(run, ownResult);
    const { state, reporter } = this.#parts;
    // The process knows its version even when the host has let go of it.
    const version = run.process?.bundle ?? state.versions.get(run.run.versionId);
    const policy = version?.retryPolicies?.get(run.run.taskId);
    state.held.remove(run);
    const reported = withRetry(result, run.run, policy);
    reporter.result(reported);
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
