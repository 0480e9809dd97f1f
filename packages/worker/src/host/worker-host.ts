import type {
  AssignedRun,
  Capacity,
  Held,
  HostMessage,
  RunResult,
  ServerMessage,
} from "@pawl/contract/worker-protocol";
import { workerProtocolVersion } from "@pawl/contract/worker-protocol";
import type { EnvironmentFacts, ExecutionEnd, ImportFailure } from "../channel/messages.ts";
import { type HeldRun, HeldRuns, patienceMs, runsToGiveBack, type VersionQueue } from "./held-runs.ts";
import type { HostEvent } from "./host-event.ts";
import { fetchPayload } from "./payload-fetch.ts";
import { errorOfDeath, type ProcessDeath } from "./process-death.ts";
import type { PooledVersion, ProcessPool } from "./process-pool.ts";
import { Reporter } from "./reporter.ts";
import { RunPace } from "./run-pace.ts";
import type { ProcessObserver, RunProcess } from "./run-process.ts";
import type { ConnectionObserver, ServerConnection } from "./server-connection.ts";
import type { TelemetryQueue } from "./telemetry-queue.ts";

/** A version whose bundle this host has. */
export interface HostVersion extends PooledVersion {
  readonly label: string;
}

/** The parts that a host works with. */
export interface HostParts {
  readonly pool: ProcessPool;
  readonly connection: ServerConnection;
  readonly telemetry: TelemetryQueue;
}

/** Who a host is. */
export interface HostIdentity {
  readonly hostId: string;
  readonly name: string;
  readonly apiUrl: string;
  readonly secretKey: string;
  readonly onEvent: ((event: HostEvent) => void) | null;
}

/** One look at all that lies and executes is taken this often while there is something, in milliseconds. */
const tickMs = 25;
const tidyMs = 5_000;
/** A process busy for less than this counts as about to be free, so none is spawned in its place, in milliseconds. */
const soonFreeMs = 10;
/** A run that lies for longer than this shows that more processes are needed, in milliseconds. */
const crowdedMs = 15;
const killDelayMs = 100;

/**
 * Brings runs and processes together: takes runs from the server, gives each to a process, reports how it ended.
 */
export class WorkerHost implements ConnectionObserver, ProcessObserver {
  readonly held = new HeldRuns();
  readonly pace = new RunPace();
  readonly reporter: Reporter;
  readonly versions = new Map<string, HostVersion>();
  /** The version that new runs are expected for. */
  current: HostVersion | null = null;
  isDraining = false;
  readonly #identity: HostIdentity;
  #parts: HostParts | null = null;
  #environment: EnvironmentFacts = { id: "", slug: "", type: "" };
  #afterPush = 0;
  #freedAtMs = new Map<string, number>();
  #ticker: NodeJS.Timeout | null = null;
  #tidier: NodeJS.Timeout | null = null;
  readonly #preparing = new Map<RunProcess, (failure: ImportFailure | null) => void>();
  #onIdle: (() => void) | null = null;

  constructor(identity: HostIdentity) {
    this.#identity = identity;
    this.reporter = new Reporter({
      send: (message) => this.#parts?.connection.send(message) ?? false,
      capacity: () => this.capacity(),
    });
  }

  /** Begins to work with its parts. */
  open(parts: HostParts): void {
    this.#parts = parts;
    this.#tidier = setInterval(() => parts.pool.tidy(this.current?.versionId ?? null, performance.now()), tidyMs);
    parts.connection.open();
  }

  /** Stops its timers. */
  close(): void {
    if (this.#tidier !== null) clearInterval(this.#tidier);
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#tidier = this.#ticker = null;
  }

  /** Spawns the first process of a version; resolves with null when it is prepared, or with the reason why it can't be. */
  prepare(version: HostVersion): Promise<ImportFailure | null> {
    this.versions.set(version.versionId, version);
    const process = this.#pool.spawn(version);
    return new Promise((resolve) => this.#preparing.set(process, resolve));
  }

  /** Makes a prepared version the one that new runs are expected for; idle processes of others end. */
  makeCurrent(version: HostVersion): void {
    this.current = version;
    for (const { versionId } of this.versions.values()) {
      if (versionId !== version.versionId) this.#pool.retireIdle(versionId, 0);
    }
    this.#pool.grow(version, this.#pool.limits.preparedProcesses, performance.now());
    this.announceVersions();
  }

  /** Tells the server which versions this host executes. */
  announceVersions(): void {
    const versions = [...this.versions.keys()];
    this.#parts?.connection.send({ type: "capacity", capacity: this.capacity(), versions });
  }

  /** Lets go of a version: its runs that have not started go back, those that execute end here. */
  retire(versionId: string): void {
    this.versions.delete(versionId);
    if (this.current?.versionId === versionId) this.current = null;
    for (const run of [...this.held.queue(versionId).ahead]) this.giveBack(run);
    this.#pool.retireIdle(versionId, 0);
    this.announceVersions();
  }

  /** Takes no new run and gives back every run that does not execute. */
  drain(): void {
    this.isDraining = true;
    for (const run of [...this.held.values()])
      if (run.stage !== "executing" && run.stage !== "starting") this.giveBack(run);
    this.reporter.tellCapacity();
  }

  /** Resolves when nothing executes any more. */
  whenIdle(): Promise<void> {
    return this.#pool.busyCount === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.#onIdle = resolve;
        });
  }

  /** Ends a run with an error and kills its process. */
  kill(process: RunProcess, error: RunResult & { kind: "failed" }): void {
    if (process.run !== null) this.#finish(process.run, error);
    process.kill();
  }

  /** How many more runs this host can take. */
  capacity(): Capacity {
    const { current } = this;
    const processes = this.#pool.limits.maxProcesses;
    if (this.isDraining || current === null) return { ready: 0, ahead: 0, processes, afterPush: this.#afterPush };
    const idle = this.#pool.idleCount(current.versionId);
    const queue = this.held.queue(current.versionId);
    const booked = queue.waiting.length + queue.startingCount;
    const ready = Math.max(0, idle - booked);
    const limit = this.#aheadLimit(current, performance.now());
    const room = limit - queue.ahead.length - Math.max(0, booked - idle);
    // Told in large steps, so that the server claims many at once.
    const ahead = room > 0 && (ready > 0 || room * 2 >= limit) ? room : 0;
    return { ready, ahead, processes, afterPush: this.#afterPush };
  }

  // ── what the server says ──

  hello(): HostMessage {
    const held: Held[] = [];
    const seen = new Set<string>();
    const add = ({ runId, fence }: Held): void => {
      if (seen.has(`${runId}:${fence}`)) return;
      seen.add(`${runId}:${fence}`);
      held.push({ runId, fence });
    };
    for (const { run } of this.held.values()) add(run);
    for (const claim of this.reporter.claims()) add(claim);
    const { hostId, name } = this.#identity;
    const versions = [...this.versions.keys()];
    this.#afterPush = 0;
    return { type: "hello", protocol: workerProtocolVersion, hostId, name, versions, held, capacity: this.capacity() };
  }

  received(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        this.#environment = message.environment;
        this.#loseAll(message.lost);
        return this.reporter.resend();
      case "runs":
        return this.#take(message.push, message.runs);
      case "ack":
        return this.#acked(message.report, message.lost);
      case "recall":
        for (const claim of message.runs) {
          const run = this.held.find(claim);
          if (run?.stage === "ahead") this.giveBack(run);
        }
        return;
      case "refused":
        return this.refused(message.reason);
    }
  }

  connected(): void {
    this.#tell({ type: "connected" });
  }

  disconnected(): void {
    this.#tell({ type: "disconnected" });
  }

  refused(reason: string): void {
    this.#tell({ type: "refused", reason });
  }

  idle(): void {
    this.reporter.tellCapacity();
  }

  // ── what processes do ──

  prepared(process: RunProcess): void {
    this.#pool.add(process);
    this.#settlePreparing(process, null);
    this.#freed(process.bundle.versionId, performance.now());
  }

  broken(process: RunProcess, failure: ImportFailure): void {
    const isFirst = this.#preparing.has(process);
    this.#settlePreparing(process, failure);
    process.kill();
    if (isFirst) return;
    const { versionId } = process.bundle;
    const { message, stack } = failure;
    this.#tell({ type: "process_failed", versionId, message });
    const error = { type: "INTERNAL_ERROR", code: "COULD_NOT_IMPORT_TASK", message, stackTrace: stack } as const;
    for (const run of [...this.held.queue(versionId).waiting]) {
      this.#finish(run, { kind: "failed", runId: run.run.runId, fence: run.run.fence, error, durationMs: 0 });
    }
  }

  ended(process: RunProcess, end: ExecutionEnd): void {
    const nowMs = performance.now();
    const { run } = process;
    if (run === null) return;
    this.pace.observe(nowMs - process.sinceMs);
    if (this.held.has(run)) this.#finish(run, end.result);
    const { versionId } = process.bundle;
    const version = this.versions.get(versionId) ?? { ...process.bundle, processKeepAlive: false };
    this.#pool.release(process, end, version, nowMs);
    this.#freed(versionId, nowMs);
    const isUnwanted = version !== this.current && process.state === "idle";
    if (isUnwanted && this.held.queue(versionId).ahead.length === 0) this.#pool.retireIdle(versionId, 0);
    this.#noteIdle();
  }

  telemetry(records: Parameters<ProcessObserver["telemetry"]>[0]): void {
    this.#parts?.telemetry.push(records);
    if (this.#identity.onEvent === null) return;
    for (const record of records) if (record.kind === "log") this.#tell({ type: "run_log", record });
  }

  died(process: RunProcess, death: ProcessDeath): void {
    const { run } = process;
    const nowMs = performance.now();
    const wasPrepared = process.preparedRss > 0;
    this.#pool.remove(process, wasPrepared, nowMs);
    if (run !== null && this.held.has(run)) {
      const durationMs = nowMs - process.sinceMs;
      const { runId, fence } = run.run;
      this.#finish(run, { kind: "failed", runId, fence, error: errorOfDeath(death), durationMs });
    }
    if (!wasPrepared) {
      const message = `A run process ended before it was prepared. ${death.outputTail.slice(-2_000)}`;
      this.#settlePreparing(process, { filePath: null, message, stack: "" });
      if (!this.isDraining) this.#tell({ type: "process_failed", versionId: process.bundle.versionId, message });
    }
    this.#noteIdle();
    if (this.isDraining) return;
    if (this.current !== null) this.#pool.grow(this.current, this.#pool.limits.preparedProcesses, nowMs);
    this.#freed(process.bundle.versionId, nowMs);
  }

  // ── bringing them together ──

  /** Returns a run that has not begun to execute to its queue. */
  giveBack(run: HeldRun): void {
    this.held.remove(run);
    this.reporter.returned(run.run);
  }

  get #pool(): ProcessPool {
    if (this.#parts === null) throw new Error("The host has not been opened.");
    return this.#parts.pool;
  }

  #take(push: number, runs: readonly AssignedRun[]): void {
    const nowMs = performance.now();
    this.#afterPush = push;
    const touched = new Set<string>();
    let direct = 0;
    for (const run of runs) {
      if (run.isStarted) direct++;
      const lane = run.isStarted ? "waiting" : "ahead";
      const stage = run.isPayloadStored ? "fetching" : lane;
      const held = this.held.add(run, stage, nowMs);
      if (held === null) continue;
      if (this.isDraining || !this.versions.has(run.versionId)) this.giveBack(held);
      else if (stage === "fetching") void this.#fetch(held);
      else {
        this.held.queue(run.versionId)[stage].push(held);
        touched.add(run.versionId);
      }
    }
    this.reporter.pushed(direct, runs.length - direct);
    for (const versionId of touched) this.#pump(versionId, nowMs);
    this.#keepTicking();
  }

  async #fetch(held: HeldRun): Promise<void> {
    const { apiUrl, secretKey } = this.#identity;
    const { run } = held;
    const payload = await fetchPayload(`${apiUrl.replace(/\/+$/, "")}/worker/v1/runs/${run.runId}/payload`, secretKey);
    if (!this.held.has(held)) return; // lost, recalled or drained meanwhile
    this.held.remove(held);
    if (payload === null || this.isDraining) return this.reporter.returned(run);
    const nowMs = performance.now();
    const stage = run.isStarted ? "waiting" : "ahead";
    const complete = this.held.add({ ...run, payload }, stage, nowMs);
    if (complete === null) return;
    this.held.queue(run.versionId)[stage].push(complete);
    this.#pump(run.versionId, nowMs);
  }

  #acked(report: number, lost: readonly Held[]): void {
    const nowMs = performance.now();
    const touched = new Set<string>();
    const started = this.reporter.acked(report, lost);
    this.#loseAll(lost);
    for (const run of started) {
      if (!this.held.has(run) || run.stage !== "starting") continue;
      const queue = this.held.queue(run.run.versionId);
      queue.startingCount--;
      run.stage = "waiting";
      queue.waiting.push(run);
      touched.add(run.run.versionId);
      if (this.isDraining) this.giveBack(run);
    }
    for (const versionId of touched) this.#pump(versionId, nowMs);
  }

  /** Gives waiting runs to idle processes, and reports the starts of as many more as will find one. */
  #pump(versionId: string, nowMs: number): void {
    const queue = this.held.queue(versionId);
    while (queue.waiting.length > 0) {
      const process = this.#pool.take(versionId);
      if (process === undefined) break;
      const run = queue.waiting.shift();
      if (run !== undefined) this.#execute(run, process, nowMs);
    }
    if (queue.ahead.length > 0 && !this.isDraining) this.#startSome(versionId, queue);
    if (queue.waiting.length > 0) this.#needProcess(versionId, nowMs);
  }

  #startSome(versionId: string, queue: VersionQueue): void {
    const inAdvance = this.pace.startsPerProcess * this.#pool.size;
    let room = this.#pool.idleCount(versionId) + inAdvance - queue.waiting.length - queue.startingCount;
    while (room-- > 0) {
      const run = queue.ahead.shift();
      if (run === undefined) return;
      run.stage = "starting";
      queue.startingCount++;
      this.reporter.started(run);
    }
  }

  #execute(held: HeldRun, process: RunProcess, nowMs: number): void {
    const { run } = held;
    const versionLabel = this.versions.get(run.versionId)?.label ?? "";
    held.stage = "executing";
    held.process = process;
    process.execute(held, { run, versionLabel, environment: this.#environment }, nowMs);
    this.#tell({ type: "run_started", run, versionLabel });
    const { current } = this;
    // A process of one run is used up now; the next one is prepared while it executes.
    if (current !== null && !current.processKeepAlive)
      this.#pool.grow(current, this.#pool.limits.preparedProcesses, nowMs);
    this.#keepTicking();
  }

  #finish(run: HeldRun, result: RunResult): void {
    this.held.remove(run);
    this.reporter.result(result);
    this.#tell({ type: "run_finished", run: run.run, result });
  }

  #freed(versionId: string, nowMs: number): void {
    this.#freedAtMs.set(versionId, nowMs);
    this.#pump(versionId, nowMs);
    this.reporter.wake();
  }

  #loseAll(lost: readonly Held[]): void {
    for (const claim of lost) {
      const run = this.held.find(claim);
      if (run === undefined) continue;
      this.held.remove(run);
      const { process } = run;
      if (process === null) continue;
      process.abort(claim.runId, "The claim of this run was lost.");
      setTimeout(() => {
        if (process.run === run) process.kill();
      }, killDelayMs);
    }
  }

  #aheadLimit(version: HostVersion, nowMs: number): number {
    if (!version.processKeepAlive) return 0;
    const flowing =
      this.#pool.idleCount(version.versionId) + this.#pool.busyLessThan(version.versionId, patienceMs, nowMs);
    return this.pace.aheadPerProcess * flowing;
  }

  // One timer for everything that depends on the passing of time; it runs only while something lies or executes.
  #keepTicking(): void {
    if (this.#ticker !== null) return;
    this.#ticker = setInterval(() => this.tick(performance.now()), tickMs);
  }

  /** Gives back what lies for too long and spawns processes that are missing. */
  tick(nowMs: number): void {
    if (this.#pool.busyCount === 0 && this.held.size === 0) {
      if (this.#ticker !== null) clearInterval(this.#ticker);
      this.#ticker = null;
    }
    if (this.isDraining) return;
    for (const [versionId, queue] of this.held.queues()) {
      if (queue.ahead.length + queue.waiting.length > 0) this.#relieve(versionId, queue, nowMs);
    }
    this.#growCurrent(nowMs);
    if (this.reporter.isOvertold(this.capacity())) this.reporter.tellCapacity();
    else this.reporter.wake();
  }

  #relieve(versionId: string, queue: VersionQueue, nowMs: number): void {
    const version = this.versions.get(versionId);
    const flow = {
      nowMs,
      freedAtMs: this.#freedAtMs.get(versionId) ?? 0,
      aheadLimit: version === undefined ? 0 : this.#aheadLimit(version, nowMs),
      isStartingProcess: this.#pool.startingCount(versionId) > 0,
    };
    for (const run of runsToGiveBack(queue, flow)) this.giveBack(run);
  }

  #growCurrent(nowMs: number): void {
    const { current } = this;
    if (current === null) return;
    const queue = this.held.queue(current.versionId);
    const oldest = queue.waiting[0] ?? queue.ahead[0];
    const isCrowded = oldest !== undefined && nowMs - oldest.sinceMs > crowdedMs;
    const soonFree = isCrowded ? 0 : this.#pool.busyLessThan(current.versionId, soonFreeMs, nowMs);
    this.#pool.grow(current, this.#pool.limits.preparedProcesses - soonFree, nowMs);
  }

  #needProcess(versionId: string, nowMs: number): void {
    const version = this.versions.get(versionId);
    if (version !== undefined && version !== this.current) this.#pool.grow(version, 1, nowMs);
  }

  #settlePreparing(process: RunProcess, failure: ImportFailure | null): void {
    this.#preparing.get(process)?.(failure);
    this.#preparing.delete(process);
  }

  #noteIdle(): void {
    if (this.#onIdle !== null && this.#pool.busyCount === 0) this.#onIdle();
  }

  #tell(event: HostEvent): void {
    this.#identity.onEvent?.(event);
  }
}
