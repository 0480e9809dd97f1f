import type {
  AssignedRun,
  CallAnswer,
  Held,
  HostMessage,
  ParsedRunCall,
  RunResult,
  ServerMessage,
} from "@pawl/contract/worker-protocol";
import { workerProtocolVersion } from "@pawl/contract/worker-protocol";
import { ApiError } from "../api/errors.ts";
import type { Engine } from "../engine/engine.ts";
import type { HostLink, HostSession } from "../engine/host-link.ts";
import type { Claim, Environment } from "../engine/ports.ts";
import { WaitingWorkers } from "./waiting-workers.ts";

/** The most runs that one answer brings: a worker takes what it is offered, also beyond what it executes at once. */
const maxOffered = 5;

/** What a host needs. */
export interface PolledHostSettings {
  readonly engine: Pick<Engine, "openHost">;
  readonly environment: Environment;
  /** Versions that its workers have named before. */
  readonly versionIds: readonly string[];
  /** Something has happened to a run that its worker has to know. */
  readonly onChanged: (runId: string) => void;
  /** The engine has closed it: another takes its place with the next sign of life. */
  readonly onClosed: () => void;
  /** A clock that never jumps, in milliseconds. */
  readonly now: () => number;
}

/** What a report may say; the rest of it is empty. */
type Report = Partial<Pick<Extract<HostMessage, { type: "report" }>, "results" | "started" | "returned" | "orphaned">>;

interface Waiting<Value> {
  resolve(value: Value): void;
  reject(error: unknown): void;
}

/**
 * The workers of one environment that ask for runs over HTTP, as one host of the engine: it has room for runs while a worker
 * waits for some, and none else, so that what is claimed is offered at once. It remembers nothing that counts: what it holds is
 * what the store says of its id, which is the environment's own. So a server may restart, and any number of servers may each have
 * it.
 */
export class PolledHost {
  readonly #settings: PolledHostSettings;
  readonly #session: HostSession;
  readonly #versionIds: Set<string>;
  readonly #welcome = Promise.withResolvers<void>();
  readonly #acks = new Map<number, Waiting<readonly Held[]>>();
  readonly #answers = new Map<number, Waiting<CallAnswer>>();
  readonly #waiting: WaitingWorkers;
  #push = 0;
  #reports = 0;
  #calls = 0;
  #isOpen = true;

  constructor(settings: PolledHostSettings) {
    this.#settings = settings;
    this.#waiting = new WaitingWorkers(settings.now);
    this.#versionIds = new Set(settings.versionIds);
    this.#welcome.promise.catch(() => undefined); // whoever waits for it is told
    this.#session = settings.engine.openHost(this.#link());
    this.#session.receive({
      type: "hello",
      protocol: workerProtocolVersion,
      hostId: this.id,
      name: "trigger.dev dev",
      versions: settings.versionIds.slice(),
      held: [],
      capacity: this.#capacity(),
    });
  }

  /** The environment's own id. */
  get id(): string {
    return this.#settings.environment.id;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether a worker waits for runs. */
  get isAsked(): boolean {
    return this.#waiting.size > 0;
  }

  /** The versions that its workers have named. */
  get versionIds(): readonly string[] {
    return [...this.#versionIds];
  }

  /** A worker gave a sign of life. */
  alive(): void {
    if (this.#isOpen) this.#session.alive();
  }

  /**
   * Waits for runs.
   *
   * @param versionId - the version that the worker executes
   * @param signal - ends the waiting
   * @returns runs that were claimed and are to be started; none when the waiting has ended
   */
  async poll(versionId: string, signal: AbortSignal): Promise<readonly AssignedRun[]> {
    await this.#welcome.promise;
    const isNew = !this.#versionIds.has(versionId);
    this.#versionIds.add(versionId);
    const kept = this.#waiting.take(versionId);
    if (kept.length > 0) return kept;
    return new Promise((resolve) => {
      const end = (runs: readonly AssignedRun[]) => {
        if (!this.#waiting.remove(end)) return;
        signal.removeEventListener("abort", giveUp);
        this.#tellRoom(false);
        resolve(runs);
      };
      const giveUp = () => end([]);
      this.#waiting.add(end, versionId);
      signal.addEventListener("abort", giveUp);
      if (signal.aborted || !this.#isOpen) return giveUp();
      this.#tellRoom(isNew);
    });
  }

  /** Ends all waiting: its workers ask again. */
  endPolls(): void {
    this.#waiting.endAll();
  }

  /**
   * Reports what became of runs.
   *
   * @returns the claims that were not the host's any more: nothing was changed for them
   */
  async report(report: Report): Promise<readonly Held[]> {
    await this.#welcome.promise;
    const number = ++this.#reports;
    return this.#say(this.#acks, number, {
      type: "report",
      report: number,
      results: [],
      started: [],
      returned: [],
      orphaned: [],
      capacity: this.#capacity(),
      ...report,
    });
  }

  /** Reports how an attempt ended; answers whether the claim was still the host's. */
  async finish(result: RunResult): Promise<boolean> {
    return (await this.report({ results: [result] })).length === 0;
  }

  /** Asks for something on behalf of a run's code. */
  async call(claim: Claim, request: ParsedRunCall): Promise<CallAnswer> {
    await this.#welcome.promise;
    const call = ++this.#calls;
    return this.#say(this.#answers, call, { type: "calls", calls: [{ ...claim, call, request }] });
  }

  /** Lets go: nothing is claimed for it here any more, and its lease ends by itself unless another server keeps it. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.endPolls();
    const reason = sessionEnded();
    this.#welcome.reject(reason);
    for (const waiting of [...this.#acks.values(), ...this.#answers.values()]) waiting.reject(reason);
    this.#session.closed();
    this.#settings.onClosed();
  }

  #link(): HostLink {
    const host = this;
    return {
      environment: this.#settings.environment,
      isPolled: true,
      tokenAccess: () => ({ url: "", publicAccessToken: "" }), // its workers make tokens over HTTP
      get isOpen() {
        return host.#isOpen;
      },
      send: (message) => this.#hear(message),
      close: () => this.close(),
    };
  }

  #hear(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        setImmediate(() => this.#welcome.resolve()); // the engine knows the host only after it has sent this
        return;
      case "runs":
        return this.#offer(message.push, message.runs);
      case "ack":
        this.#acks.get(message.report)?.resolve(message.lost);
        this.#acks.delete(message.report);
        return;
      case "answers":
        for (const answer of message.answers) {
          this.#answers.get(answer.call)?.resolve(answer);
          this.#answers.delete(answer.call);
        }
        return;
      case "resumed":
      case "cancel":
        for (const { runId } of message.runs) this.#settings.onChanged(runId);
        return;
      default: // what is recalled was offered already, and processes are the worker's own
        return;
    }
  }

  #offer(push: number, runs: readonly AssignedRun[]): void {
    this.#push = push;
    const hooks = runs.filter(({ hook }) => hook !== undefined);
    const unwanted = this.#waiting.offer(runs.filter(({ hook }) => hook === undefined));
    this.#tellRoom(false);
    if (hooks.length > 0) void this.#skip(hooks);
    if (unwanted.length > 0) void this.giveBack(unwanted);
  }

  /** Ends runs that call the hook of another one: these workers have no such hooks, and would execute the task again. */
  async #skip(runs: readonly AssignedRun[]): Promise<void> {
    const started = runs.map(({ runId, fence }) => ({ runId, fence }));
    const results = started.map(
      (claim): RunResult => ({ kind: "completed", ...claim, outputType: "application/json", durationMs: 0 }),
    );
    await this.report({ started, results }).catch(() => undefined); // they are found later, as offers that nobody took
  }

  /** Queues runs again that were offered to nobody. Where the store fails they are found later, as offers that nobody took. */
  async giveBack(claims: readonly Claim[]): Promise<void> {
    const returned = claims.map(({ runId, fence }) => ({ runId, fence }));
    await this.report({ returned }).catch(() => undefined);
  }

  #tellRoom(hasNewVersion: boolean): void {
    if (!this.#isOpen) return;
    const versions = hasNewVersion ? { versions: this.versionIds.slice() } : {};
    this.#session.receive({ type: "capacity", capacity: this.#capacity(), ...versions });
  }

  #capacity() {
    const ready = this.#waiting.size * maxOffered;
    return { ready, ahead: 0, processes: ready, afterPush: this.#push };
  }

  #say<Value>(waiting: Map<number, Waiting<Value>>, number: number, message: HostMessage): Promise<Value> {
    if (!this.#isOpen) return Promise.reject(sessionEnded());
    return new Promise((resolve, reject) => {
      waiting.set(number, { resolve, reject });
      this.#session.receive(message);
    });
  }
}

function sessionEnded(): ApiError {
  return new ApiError("unavailable", "The session of the dev worker has ended on this server. Ask again.");
}
