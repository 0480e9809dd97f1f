import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { RetryPolicy } from "@pawl/contract/retry";
import type { CallAnswer, TelemetryRecord } from "@pawl/contract/worker-protocol";
import { Link } from "../channel/link.ts";
import {
  type ChildToHost,
  type ExecutionEnd,
  type HostToChild,
  type ImportFailure,
  monotonicMs,
  type Prepared,
  type RunOrder,
  tokenVariable,
} from "../channel/messages.ts";
import { endWithHost } from "./end-with-host.ts";
import type { HeldRun } from "./held-runs.ts";
import type { DurationLimits } from "./max-duration.ts";
import type { ProcessDeath } from "./process-death.ts";
import type { ProcessListener } from "./process-listener.ts";
import type { OutputFile, OutputFolder } from "./process-output.ts";

/** What a process needs to be spawned. */
export interface ProcessSettings {
  readonly listener: ProcessListener;
  readonly outputs: OutputFolder;
  readonly compileCacheDir: string;
  /** Added to the environment of the host. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Which bundle a process executes. */
export interface ProcessBundle {
  readonly versionId: string;
  readonly bundlePath: string;
  readonly projectDir: string;
  /** Whether the process is asked to describe its bundle. */
  readonly isIndexing?: boolean;
  /** Absent when nothing is executed. */
  readonly durationLimits?: DurationLimits;
  /** Whether its processes serve one run after another; default: not. */
  readonly processKeepAlive?: boolean;
  /** The retry policy of each task, by its id. */
  readonly retryPolicies?: ReadonlyMap<string, RetryPolicy>;
}

/** What code of a run asks for. */
export type ChildCall = Extract<ChildToHost, { kind: "call" }>["body"];

/** Who is told what a process does. `died` comes last, and always. */
export interface ProcessObserver {
  prepared(process: RunProcess, message: Prepared): void;
  broken(process: RunProcess, failure: ImportFailure): void;
  ended(process: RunProcess, end: ExecutionEnd): void;
  /** Runs that were given to the process and have not begun; it no longer has them. */
  unbegun(process: RunProcess, runs: readonly HeldRun[]): void;
  /** Code of a run asks the server for something. */
  called(process: RunProcess, call: ChildCall): void;
  /** The code of a run that executes does nothing more until it is resumed. */
  parked(process: RunProcess, runId: string): void;
  telemetry(records: readonly TelemetryRecord[]): void;
  died(process: RunProcess, death: ProcessDeath): void;
}

// From source the entry is TypeScript and the packages resolve by a condition, so both are handed on.
const entryPath = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../child/entry.ts" : "../child/entry.js", import.meta.url),
);
const conditions = process.execArgv.filter((flag) => flag.startsWith("--conditions="));
// The threads that would help to clear the little that a short run leaves cost more than they save: the other processors have runs.
const collection = ["--no-parallel-scavenge"];
let processCount = 0;

/** A run that lies behind another one in its process may begin for so long, in milliseconds. */
const queuedRunValidMs = 200;
/** Longer than a process can be kept from running between its look at the clock and the beginning of a run. */
const answerMs = 1_000;

/**
 * A run process, as its host sees it.
 *
 * ```
 *   starting ─prepared─▶ idle ◀─end, parked─┐
 *      │                  └─execute, resume─▶ busy ─parked─▶ waiting
 *      │                                       ▲─────resume────┘
 *      └──────────┬────────┴───────────────────┴───────────────┘
 *            exit, kill ─▶ ending ─▶ dead
 * ```
 *
 * In every state but `starting` runs can be parked in it. `waiting`: nothing executes, and no run may begin here, since one
 * that is parked keeps the process to itself or the process has taken its last run.
 */
export class RunProcess {
  readonly id = `p${++processCount}`;
  readonly bundle: ProcessBundle;
  state: "starting" | "idle" | "busy" | "waiting" | "ending" | "dead" = "starting";
  /** The current run and those that come after it: the first one executes. */
  runs: HeldRun[] = [];
  /** Runs that were resumed while another one executed, and execute next to it, by their ids. */
  readonly beside = new Map<string, HeldRun>();
  /** Runs that are parked or resuming, by their ids. */
  readonly parked = new Map<string, HeldRun>();
  /** The parked runs whose wait is over, in the order in which they go on. */
  resuming: HeldRun[] = [];
  /** How many parked runs keep the process to themselves. */
  keepers = 0;
  /** Whether it takes no further run. */
  isClosed = false;
  /** The share of its heap's limit that was used when a run last parked. */
  heapUsedRatio = 0;
  /** Since when the state is what it is, on the monotonic clock. */
  sinceMs = performance.now();
  executions = 0;
  /** Whether this host ended it by force. */
  wasKilled = false;
  /** Resident memory in bytes: after the import, and as last reported. */
  preparedRss = 0;
  rss = 0;
  readonly #observer: ProcessObserver;
  readonly #listener: ProcessListener;
  readonly #link: Link<HostToChild, ChildToHost>;
  readonly #output: OutputFile;
  readonly #child: ChildProcess;
  #sentMs = 0;
  #recalledMs = 0;

  /** Spawns the process, in a session of its own: a terminal's Ctrl-C reaches the host only. */
  constructor(bundle: ProcessBundle, settings: ProcessSettings, observer: ProcessObserver) {
    this.bundle = bundle;
    this.#observer = observer;
    this.#listener = settings.listener;
    this.#link = new Link((message) => this.#receive(message));
    this.#output = settings.outputs.open(this.id);
    const token = randomBytes(24).toString("hex");
    this.#listener.expect(this.id, token, this.#link);
    const mode = bundle.isIndexing === true ? ["index"] : [];
    const { file, args } = endWithHost([
      process.execPath,
      "--enable-source-maps",
      ...collection,
      ...conditions,
      entryPath,
      String(settings.listener.port),
      this.id,
      bundle.bundlePath,
      ...mode,
    ]);
    this.#child = spawn(file, args, {
      cwd: bundle.projectDir,
      detached: true,
      stdio: ["ignore", this.#output.descriptor, this.#output.descriptor],
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: settings.compileCacheDir,
        ...settings.environment,
        [tokenVariable]: token,
      },
    });
    this.#child.on("error", (error) => this.#bury(null, null, `It could not be started: ${error.message}`));
    this.#child.on("exit", (code, signal) => {
      this.#listener.whenDrained(this.id, () => this.#bury(code, signal, null));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Gives the process runs, at once the first for an idle one; those behind it have a time until which they may begin. */
  execute(runs: readonly HeldRun[], toOrder: (run: HeldRun) => RunOrder, nowMs: number): void {
    const beginByMs = monotonicMs() + queuedRunValidMs;
    const orders = runs.map((run, index) => {
      run.stage = "executing";
      run.process = this;
      const order = toOrder(run);
      return index === 0 && this.runs.length === 0 ? order : { ...order, beginByMs };
    });
    if (this.state === "idle") {
      this.state = "busy";
      this.sinceMs = nowMs;
    }
    this.runs.push(...runs);
    this.#sentMs = nowMs;
    this.executions += runs.length;
    this.#link.send({ kind: "runs", body: orders });
  }

  /** Whether it is to end, or has; what it still holds is lost with it. */
  get isEnding(): boolean {
    return this.state === "ending" || this.state === "dead";
  }

  /** Whether a run executes here. */
  get isExecuting(): boolean {
    return this.runs.length > 0 || this.beside.size > 0;
  }

  /** The runs that execute here: one, unless others had to be resumed beside it. */
  get executing(): HeldRun[] {
    return [...this.runs.slice(0, 1), ...this.beside.values()];
  }

  /** Finds a run of this process, wherever it stands. */
  find(runId: string): HeldRun | undefined {
    return this.runs.find(({ run }) => run.runId === runId) ?? this.beside.get(runId) ?? this.parked.get(runId);
  }

  /** For how long a run that executes here has executed in all, in milliseconds. */
  executedMs(run: HeldRun, nowMs: number): number {
    return run.executedMs + nowMs - (this.beside.has(run.run.runId) ? run.resumedAtMs : this.sinceMs);
  }

  /** Takes a run off, wherever it stands. */
  leave(runId: string, nowMs: number): HeldRun | undefined {
    const index = this.runs.findIndex(({ run }) => run.runId === runId);
    if (index === 0) this.sinceMs = nowMs;
    if (index !== -1) return this.runs.splice(index, 1)[0];
    const beside = this.beside.get(runId);
    if (beside !== undefined) this.beside.delete(runId);
    return beside ?? this.#unpark(runId);
  }

  /** Moves a run that executes to the parked ones. @param keepsProcess - whether no other run may come meanwhile */
  park(run: HeldRun, keepsProcess: boolean, nowMs: number): void {
    run.executedMs = this.executedMs(run, nowMs);
    this.leave(run.run.runId, nowMs);
    run.stage = "parked";
    run.keepsProcess = keepsProcess;
    this.parked.set(run.run.runId, run);
    if (keepsProcess) this.keepers++;
  }

  /** Lets a parked run go on: as the current one when nothing executes, otherwise beside. */
  resume(run: HeldRun, nowMs: number): void {
    const { runId } = run.run;
    this.#unpark(runId);
    run.stage = "executing";
    if (this.isExecuting) {
      run.resumedAtMs = nowMs;
      this.beside.set(runId, run);
    } else {
      this.runs = [run];
      this.state = "busy";
      this.sinceMs = nowMs;
    }
    this.tellEnded(run);
  }

  /** Tells the code of a run which of its waits are over. */
  tellEnded(run: HeldRun): void {
    this.#link.send({ kind: "resume", body: { runId: run.run.runId, waits: run.endedWaits.splice(0) } });
  }

  /** Answers a call of a run. */
  answer(runId: string, answer: CallAnswer): void {
    this.#link.send({ kind: "answer", body: { ...answer, runId } });
  }

  /** Asks a run to end, with its `onCancel`. */
  cancel(runId: string): void {
    this.#link.send({ kind: "cancel", body: { runId } });
  }

  /** Takes a run off and tells the process to forget it. */
  drop(runId: string, reason: string, nowMs: number): void {
    this.leave(runId, nowMs);
    this.#link.send({ kind: "drop", body: { runId, reason } });
  }

  /**
   * Takes back the runs behind the executing one: asks the process, and after a time in which they can't begin any more takes
   * them without its answer.
   */
  recall(nowMs: number): void {
    if (this.runs.length < 2) return;
    if (nowMs - this.#sentMs > queuedRunValidMs + answerMs) this.#observer.unbegun(this, this.runs.splice(1));
    else if (this.#recalledMs < this.#sentMs) {
      this.#recalledMs = nowMs;
      this.#link.send({ kind: "recall", body: null });
    }
  }

  /** Fires the signal of a run. */
  abort(runId: string, reason: string): void {
    this.#link.send({ kind: "abort", body: { runId, reason } });
  }

  /** Asks a process that executes nothing to exit. */
  exit(): void {
    if (this.isEnding) return;
    this.state = "ending";
    this.sinceMs = performance.now();
    this.#link.send({ kind: "exit", body: null });
  }

  /** Ends the process and the programs that it started in its session, at once. */
  kill(): void {
    if (this.state === "dead") return;
    this.state = "ending";
    this.wasKilled = true;
    killSession(this.#child.pid);
  }

  /** Keeps its output file small. */
  trimOutput(): void {
    if (this.state !== "dead") this.#output.trim();
  }

  #unpark(runId: string): HeldRun | undefined {
    const run = this.parked.get(runId);
    if (run === undefined) return undefined;
    this.parked.delete(runId);
    if (run.keepsProcess) this.keepers--;
    const index = this.resuming.indexOf(run);
    if (index !== -1) this.resuming.splice(index, 1);
    return run;
  }

  #receive(message: ChildToHost): void {
    switch (message.kind) {
      case "end":
        return this.#observer.ended(this, message.body);
      case "unbegun": {
        const ids = new Set(message.body);
        const unbegun = this.runs.filter(({ run }) => ids.has(run.runId));
        this.runs = this.runs.filter(({ run }) => !ids.has(run.runId));
        return this.#observer.unbegun(this, unbegun);
      }
      case "call":
        return this.#observer.called(this, message.body);
      case "parked":
        this.heapUsedRatio = message.body.heapUsedRatio;
        return this.#observer.parked(this, message.body.runId);
      case "telemetry":
        return this.#observer.telemetry(message.body);
      case "prepared":
        if (this.state !== "starting") return;
        this.state = "idle";
        this.sinceMs = performance.now();
        this.rss = this.preparedRss = message.body.rss;
        return this.#observer.prepared(this, message.body);
      case "broken":
        return this.#observer.broken(this, message.body);
    }
  }

  #bury(code: number | null, signal: NodeJS.Signals | null, failure: string | null): void {
    if (this.state === "dead") return;
    this.state = "dead";
    killSession(this.#child.pid); // what the process started and left behind
    const outputTail = failure ?? this.#output.tail();
    this.#output.remove();
    this.#listener.forget(this.id);
    this.#observer.died(this, { code, signal, outputTail });
  }
}

function killSession(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // nothing of it is left
  }
}
