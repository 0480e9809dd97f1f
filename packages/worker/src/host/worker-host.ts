import {
  type AssignedRun,
  type Held,
  type SentHostMessage,
  type ServerMessage,
  workerProtocolVersion,
} from "@pawl/contract/worker-protocol";
import type { ImportFailure } from "../channel/messages.ts";
import type { Assignment } from "./assignment.ts";
import type { Calls } from "./calls.ts";
import type { HeldRun } from "./held-runs.ts";
import type { HostEvent } from "./host-event.ts";
import type { HostState, HostVersion } from "./host-state.ts";
import { fetchPayload } from "./payload-fetch.ts";
import type { ProcessPool } from "./process-pool.ts";
import type { ProcessVariables } from "./process-variables.ts";
import type { Reporter } from "./reporter.ts";
import type { ConnectionObserver, ServerConnection } from "./server-connection.ts";
import type { Sizing } from "./sizing.ts";

/** Who a host is, and what it works with. */
export interface WorkerHostParts {
  readonly hostId: string;
  readonly name: string;
  readonly apiUrl: string;
  readonly secretKey: string;
  readonly state: HostState;
  readonly pool: ProcessPool;
  readonly sizing: Sizing;
  readonly reporter: Reporter;
  readonly assignment: Assignment;
  readonly calls: Calls;
  readonly connection: ServerConnection;
  readonly variables: ProcessVariables;
  readonly onEvent: ((event: HostEvent) => void) | null;
}

/** One look at all that lies and executes is taken this often while there is something, in milliseconds. */
const tickMs = 25;
const tidyMs = 5_000;
/** That no process is left is told again only when there was one for so long, in milliseconds. */
const spentQuietMs = 60_000;
/** Runs that are in a process, or whose start is on its way, stay when the host takes no more. */
const staysAtDrain: ReadonlySet<HeldRun["stage"]> = new Set(["executing", "parked", "resuming", "starting"]);

/** Does what the server says, and keeps the versions. */
export class WorkerHost implements ConnectionObserver {
  readonly #parts: WorkerHostParts;
  #ticker: NodeJS.Timeout | null = null;
  #tidier: NodeJS.Timeout | null = null;
  #spentSeenMs = Number.NEGATIVE_INFINITY;

  constructor(parts: WorkerHostParts) {
    this.#parts = parts;
  }

  /** Connects. */
  open(): void {
    const { pool, state, connection } = this.#parts;
    this.#tidier = setInterval(() => pool.tidy(state.current?.versionId ?? null, performance.now()), tidyMs);
    connection.open(this);
  }

  /** Stops its timers. */
  close(): void {
    if (this.#tidier !== null) clearInterval(this.#tidier);
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#tidier = this.#ticker = null;
  }

  // ── versions ──

  /** Spawns the first process of a version; resolves with null when it is prepared, or with the reason why it can't be. */
  async prepare(version: HostVersion): Promise<ImportFailure | null> {
    const { pool, assignment, variables } = this.#parts;
    await variables.refresh(); // what the bundle reads when it is imported has to be there
    return assignment.whenPrepared(pool.spawn(version));
  }

  /** Makes a prepared version the one that new runs are expected for; idle processes of others end. */
  makeCurrent(version: HostVersion): void {
    const { state, pool, sizing } = this.#parts;
    for (const versionId of state.versions.keys()) pool.retireIdle(versionId);
    state.versions.set(version.versionId, version);
    state.current = version;
    sizing.grow(performance.now());
    this.#announceVersions();
  }

  /** Makes a version known that is not the current one; a process is spawned when a run of it comes. */
  keep(version: HostVersion): void {
    const { versions } = this.#parts.state;
    if (versions.has(version.versionId)) return;
    versions.set(version.versionId, version);
    this.#announceVersions();
  }

  /** Lets go of a version: its runs that have not started go back, those that execute end here. */
  retire(versionId: string): void {
    const { state, pool, assignment } = this.#parts;
    const queue = state.held.queue(versionId);
    state.versions.delete(versionId);
    if (state.current?.versionId === versionId) state.current = null;
    for (const run of [...queue.ahead, ...queue.waiting]) assignment.giveBack(run);
    pool.retireIdle(versionId);
    this.#announceVersions();
  }

  /** Takes no new run and gives back every run that has not begun. */
  drain(): void {
    const { state, pool, assignment, reporter } = this.#parts;
    state.isDraining = true;
    for (const run of [...state.held.values()]) {
      if (!staysAtDrain.has(run.stage)) assignment.giveBack(run);
    }
    for (const process of pool.values()) process.recall(performance.now());
    this.#announceVersions(); // none: schedules of development do not fire for a host that is about to stop
    reporter.tellCapacity();
  }

  // ── what the server says ──

  hello(): SentHostMessage {
    const { hostId, name, state, reporter, sizing } = this.#parts;
    const held = new Map<string, Held>();
    const add = ({ runId, fence }: Held): void => void held.set(`${runId}:${fence}`, { runId, fence });
    for (const { run } of state.held.values()) add(run);
    for (const claim of reporter.claims()) add(claim);
    state.afterPush = 0;
    return {
      type: "hello",
      protocol: workerProtocolVersion,
      hostId,
      name,
      versions: this.#versionIds(),
      held: [...held.values()],
      capacity: sizing.capacity(performance.now()),
    };
  }

  received(message: ServerMessage): void {
    const { state, assignment, reporter, calls, variables } = this.#parts;
    switch (message.type) {
      case "welcome":
        state.environment = message.environment;
        assignment.interruptions.lose(message.lost);
        void variables.refresh(); // what was told while there was no connection is lost
        this.#announceVersions();
        reporter.resend();
        return calls.resend();
      case "runs":
        return this.#take(message);
      case "env_vars_changed":
        return void variables.refresh();
      case "ack": {
        const { started, repeated } = reporter.acked(message.report, message.lost);
        assignment.interruptions.lose(message.lost);
        assignment.started(started);
        return assignment.retries.acked(repeated);
      }
      case "answers":
        return calls.answered(message.answers);
      case "resumed":
        this.#keepTicking();
        return assignment.parking.resume(message.runs, performance.now());
      case "cancel":
        this.#keepTicking();
        return assignment.interruptions.cancel(message.runs, performance.now());
      case "recall":
        for (const claim of message.runs) {
          const run = state.held.find(claim);
          if (run?.stage === "ahead") assignment.giveBack(run);
        }
        return;
      case "refused":
        return this.refused(message.reason);
    }
  }

  connected(): void {
    this.#parts.onEvent?.({ type: "connected" });
  }

  disconnected(): void {
    this.#parts.onEvent?.({ type: "disconnected" });
  }

  refused(reason: string): void {
    this.#parts.onEvent?.({ type: "refused", reason });
  }

  idle(): void {
    this.#parts.reporter.tellCapacity();
  }

  #announceVersions(): void {
    const { connection, sizing } = this.#parts;
    const capacity = sizing.capacity(performance.now());
    connection.send({ type: "capacity", capacity, versions: this.#versionIds() });
  }

  /** The versions whose runs it takes. */
  #versionIds(): string[] {
    const { isDraining, versions } = this.#parts.state;
    return isDraining ? [] : [...versions.keys()];
  }

  /** Replaces the processes that have other variables. */
  variablesChanged(variables: Readonly<Record<string, string>>): void {
    const { state, pool, sizing, reporter } = this.#parts;
    const nowMs = performance.now();
    pool.replaceVariables(variables, nowMs);
    if (state.isDraining) return;
    sizing.grow(nowMs);
    reporter.tellCapacity();
  }

  #take({ push, runs, envVarsVersion = 0 }: Extract<ServerMessage, { type: "runs" }>): void {
    const { state, assignment, reporter, variables } = this.#parts;
    const lacksVariables = variables.isBehind(envVarsVersion);
    const nowMs = performance.now();
    const touched = new Set<string>();
    let direct = 0;
    state.afterPush = push;
    for (const run of runs) {
      if (run.isStarted) direct++;
      const held = state.held.add(run, "fetching", nowMs);
      if (held === null) continue;
      if (state.isDraining || !state.versions.has(run.versionId)) assignment.giveBack(held);
      else if (run.isPayloadStored || lacksVariables) void this.#fetch(held, envVarsVersion);
      else {
        assignment.queue(held, run.isStarted ? "waiting" : "ahead");
        touched.add(run.versionId);
      }
    }
    reporter.pushed(direct, runs.length - direct);
    for (const versionId of touched) assignment.pump(versionId, nowMs);
    this.#keepTicking();
  }

  /** Fetches what a run lacks: its payload, and the variables that it is to execute with. */
  async #fetch(held: HeldRun, envVarsVersion: number): Promise<void> {
    const { state, assignment, variables } = this.#parts;
    const { run } = held;
    const [payload, hasVariables] = await Promise.all([this.#payloadOf(run), variables.reach(envVarsVersion)]);
    if (!state.held.has(held)) return; // lost or drained meanwhile
    const canExecute = payload !== null && hasVariables;
    if (!canExecute || state.isDraining || !state.versions.has(run.versionId)) return assignment.giveBack(held);
    held.run = { ...run, ...payload };
    held.sinceMs = performance.now();
    assignment.queue(held, run.isStarted ? "waiting" : "ahead");
    assignment.pump(run.versionId, performance.now());
  }

  /** Null when it can't be had. */
  async #payloadOf(run: AssignedRun): Promise<Pick<AssignedRun, "payload"> | null> {
    if (!run.isPayloadStored) return {};
    const { apiUrl, secretKey } = this.#parts;
    const payload = await fetchPayload(`${apiUrl}/worker/v1/runs/${run.runId}/payload`, secretKey);
    return payload === null ? null : { payload };
  }

  // One timer for everything that depends on the passing of time; it runs only while something lies or executes.
  #keepTicking(): void {
    this.#ticker ??= setInterval(() => this.#tick(performance.now()), tickMs);
  }

  #tick(nowMs: number): void {
    const { state, pool, sizing, assignment, reporter } = this.#parts;
    const { interruptions, parking } = assignment;
    const isAtRest = pool.busyCount === 0 && state.held.size === pool.parkedCount && !pool.isSpent(nowMs);
    if (isAtRest && !interruptions.hasCancelled) {
      if (this.#ticker !== null) clearInterval(this.#ticker);
      this.#ticker = null;
    }
    interruptions.enforce(nowMs);
    parking.resumeOverdue(nowMs);
    if (state.isDraining) return;
    this.#tellSpent(nowMs);
    assignment.relieve(nowMs);
    sizing.grow(nowMs);
    if (reporter.isOvertold(sizing.capacity(nowMs))) reporter.tellCapacity();
    else reporter.wake();
  }

  #tellSpent(nowMs: number): void {
    const { pool, onEvent } = this.#parts;
    if (!pool.isSpent(nowMs)) return;
    if (nowMs - this.#spentSeenMs > spentQuietMs) {
      onEvent?.({ type: "processes_spent", processes: pool.size, waiting: pool.waitingCount });
    }
    this.#spentSeenMs = nowMs;
  }
}
