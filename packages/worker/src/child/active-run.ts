import { inspect } from "node:util";
import type { AssignedRun, CallAnswer, RunCall, RunResult, WaitResult } from "@pawl/contract/worker-protocol";
import {
  type ActiveRun,
  CallError,
  type LogRecord,
  type OpenSpan,
  RunCancelledError,
  type RunCell,
  type WaitAbout,
} from "@pawl/sdk/runtime";
import type { ChildToHost, EndedWait, RunOrder } from "../channel/messages.ts";
import { heapUsedRatio } from "./heap-use.ts";
import { Parking } from "./parking.ts";
import { realTimers } from "./real-timers.ts";
import { RecoveryLog } from "./recovery-log.ts";
import { withoutActivity } from "./run-activity.ts";
import { RunCalls } from "./run-calls.ts";
import { callHooks, type Hook, hasHooks, type RunScene } from "./run-hooks.ts";
import { RunWaits } from "./run-waits.ts";
import { currentSpanId, startSpan } from "./spans.ts";
import type { TelemetrySender } from "./telemetry.ts";
import { endWithWait } from "./wait-span.ts";

const { setImmediate } = realTimers;

/** Where a run's words go. */
export interface RunOutlets {
  readonly telemetry: TelemetrySender;
  /** Sends with the next message, or at the end of the turn. */
  post(message: ChildToHost): void;
  /** Sends what was posted. */
  flush(): void;
  /** The run has parked: another one may begin. */
  parked(run: RunInProcess): void;
}

/**
 * A run while this process has it: it executes, or is parked. What most runs never need is made when it is first asked for, and
 * what a parked one does not need is let go of.
 */
export class RunInProcess implements ActiveRun {
  /** The run that code is told of: where it calls the hooks of another one, that one. */
  readonly runId: string;
  /** By what its host knows it. */
  readonly heldId: string;
  /** Whose hooks it calls, in place of its task's code; undefined: it is an ordinary run. */
  readonly hook: AssignedRun["hook"];
  readonly taskId: string;
  readonly parentRunId: string | undefined;
  readonly rootRunId: string | undefined;
  readonly attempt: number;
  readonly fence: number;
  readonly environmentSlug: string;
  readonly isRecovery: boolean;
  readonly maxAttempts: number;
  readonly metadata: string | undefined;
  /** What travels in the asynchronous context; emptied when the run ends. */
  readonly cell: RunCell;
  /** What hooks are told; null until `run` is called. */
  scene: RunScene | null = null;
  /** Settles when its code has ended. */
  ended: Promise<RunResult> | null = null;
  /** Hooks that the run's own code registered. */
  readonly cancelHooks: Hook<"onCancel">[] = [];
  #backgroundWork: Promise<unknown>[] | null = null;
  readonly #outlets: RunOutlets;
  #order: RunOrder | null;
  #executedMs = 0;
  #sinceMs = performance.now();
  #controller: AbortController | null = null;
  #abortReason: Error | null = null;
  #isCancelled = false;
  #calls: RunCalls | null = null;
  #waits: RunWaits | null = null;
  #parking: Parking | null = null;
  #recovery: RecoveryLog | null = null;

  constructor(order: RunOrder, outlets: RunOutlets) {
    const { run } = order;
    this.hook = run.hook;
    this.heldId = run.runId;
    this.runId = run.hook?.runId ?? run.runId;
    this.taskId = run.taskId;
    this.parentRunId = run.parentRunId;
    this.rootRunId = run.rootRunId;
    this.attempt = run.hook === undefined ? run.attempt : Math.max(1, run.hook.attempt);
    this.fence = run.fence;
    this.environmentSlug = order.environment.slug;
    this.maxAttempts = run.maxAttempts;
    this.metadata = run.metadata;
    this.isRecovery = run.isRecovery === true;
    this.#order = order;
    this.#outlets = outlets;
    this.cell = { run: this };
  }

  /** Gives the order away, so that a payload is not kept as text while its run waits. */
  takeOrder(): RunOrder {
    const order = this.#order;
    if (order === null) throw new Error("unreachable: the order of a run is taken once");
    this.#order = null;
    return order;
  }

  /** Whether the run has not ended yet. */
  get isActive(): boolean {
    return this.cell.run !== null;
  }

  get isParked(): boolean {
    return this.#parking?.isParked ?? false;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Whether its end is decided elsewhere, whatever its code does: it took too long, or its claim is lost. */
  get isAborted(): boolean {
    return this.#abortReason !== null;
  }

  /** How long the run has executed, in milliseconds; the time in which it was parked does not count. */
  get executedMs(): number {
    return this.#executedMs + (this.isParked ? 0 : performance.now() - this.#sinceMs);
  }

  // Made when it is first asked for: most runs never look at it.
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#abortReason !== null) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  log(record: LogRecord): void {
    withoutActivity(() => this.#outlets.telemetry.log(this, record, currentSpanId(this.cell)));
  }

  /** Logs what code has thrown where it changes nothing any more. */
  logThrown(what: string, thrown: unknown): void {
    this.log({ level: "error", message: `${what} ${inspect(thrown)}`, atMs: Date.now(), isContextLost: false });
  }

  startSpan(name: string, attributes?: Readonly<Record<string, unknown>>): OpenSpan {
    return startSpan(this, this.#outlets.telemetry, name, attributes);
  }

  onCancel(hook: Hook<"onCancel">): void {
    this.cancelHooks.push(hook);
  }

  waitUntil(promise: Promise<unknown>): void {
    this.#backgroundWork ??= [];
    this.#backgroundWork.push(
      promise.catch((thrown: unknown) => this.logThrown("A promise given to waitUntil was rejected.", thrown)),
    );
  }

  /** Whether code asked for the attempt to go on until something is done. */
  get hasBackgroundWork(): boolean {
    return this.#backgroundWork !== null;
  }

  /** Resolves when all of that is done, and what was added meanwhile. */
  async whenBackgroundWorkDone(): Promise<void> {
    for (const work of this.#backgroundWork ?? []) await work; // the loop sees what is added to the array
  }

  // ── calls ──

  call(request: RunCall): Promise<unknown> {
    if (!this.isActive) {
      const message = `Run ${this.runId} has ended, so its code can ask for nothing more.`;
      return Promise.reject(new CallError({ code: "lost_claim", message }));
    }
    return this.#send(request);
  }

  /** Takes the answer to a call. */
  answer(answer: CallAnswer): void {
    const request = this.#calls?.answer(answer);
    if (request === undefined || !this.isRecovery) return;
    this.#recovery ??= new RecoveryLog(this);
    this.#recovery.note(request, answer);
  }

  /** Resolves once every call has its answer; its code has ended, and waits for nothing. */
  async whenCallsAnswered(): Promise<void> {
    this.#parking?.close();
    await this.#calls?.whenAnswered();
  }

  get hasCallsUnderWay(): boolean {
    return this.#calls?.isAnyOpen() ?? false;
  }

  #send(request: RunCall): Promise<unknown> {
    this.#calls ??= new RunCalls();
    const { call, answer } = this.#calls.open(request);
    withoutActivity(() => this.#outlets.post({ kind: "call", body: { runId: this.heldId, call, request } }));
    return answer;
  }

  // ── waits ──

  nextWait(kind: string): string {
    this.#waits ??= new RunWaits();
    return this.#waits.next(kind);
  }

  awaitWait(wait: string, about: WaitAbout | Promise<WaitAbout>): Promise<WaitResult> {
    if (this.#waits?.isOver(wait) === true) return this.#awaitAnew(wait, about);
    const span = startSpan(this, this.#outlets.telemetry, "Wait");
    const result = this.#awaitAnew(wait, about);
    void endWithWait(span, about, result);
    return result;
  }

  #awaitAnew(wait: string, about: WaitAbout | Promise<WaitAbout>): Promise<WaitResult> {
    if (hasHooks("onWait", this.scene) || hasHooks("onResume", this.scene)) return this.#awaitWithHooks(wait, about);
    if ("then" in about) {
      about.then(undefined, (reason: unknown) => this.#waits?.reject([wait], reason)); // there is nothing to wait for
    }
    return this.#await(wait);
  }

  async #awaitWithHooks(wait: string, about: WaitAbout | Promise<WaitAbout>): Promise<WaitResult> {
    const known = await about;
    if (this.#waits?.isOver(wait)) return this.#await(wait);
    await callHooks("onWait", this.scene, { wait: known });
    const result = await this.#await(wait);
    await callHooks("onResume", this.scene, { wait: known });
    return result;
  }

  #await(wait: string): Promise<WaitResult> {
    if (this.#isCancelled) return Promise.reject(new RunCancelledError());
    if (!this.isActive) return new Promise(() => {}); // nobody is left to tell
    this.#waits ??= new RunWaits();
    const waits = this.#waits;
    const isOver = waits.isOver(wait);
    const result = waits.await(wait);
    if (isOver) return result;
    this.#parking ??= new Parking({
      cell: this.cell,
      awaited: () => waits.awaited,
      hasCallsUnderWay: () => this.#calls?.isAnyOpen((wait) => waits.wasAwaited(wait)) ?? false,
      park: () => this.#park(),
      suspend: (keys) => this.#suspend(keys),
    });
    this.#parking.awaits();
    return result;
  }

  /** Goes on: gives out the results of waits. */
  resume(ended: readonly EndedWait[]): void {
    if (this.isParked) this.#sinceMs = performance.now();
    this.#waits ??= new RunWaits();
    this.#waits.deliver(ended);
    this.#parking?.resume();
  }

  #park(): void {
    const nowMs = performance.now();
    this.#executedMs += nowMs - this.#sinceMs;
    this.#outlets.post({ kind: "parked", body: { runId: this.heldId, heapUsedRatio: heapUsedRatio() } });
    this.#outlets.parked(this);
  }

  #suspend(waits: readonly string[]): void {
    this.#send({ kind: "await", waits: [...waits] }).catch((reason: unknown) => {
      // In a turn of its own, when code has learned which of the calls that open these waits were refused.
      setImmediate(() => this.#notSuspended(waits, reason));
    });
    this.#outlets.flush();
  }

  // The server has not suspended the run, so nothing would ever resume it.
  #notSuspended(waits: readonly string[], reason: unknown): void {
    this.resume([]);
    const left = waits.filter((wait) => this.#waits?.awaited.includes(wait));
    if (left.length === waits.length) this.#waits?.reject(left, reason);
    else this.#parking?.awaits(); // some were never opened; the others may be fine
  }

  // ── the end ──

  /** Fires the signal. */
  abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(this.#abortReason);
  }

  /** Fires the signal and lets the code begin no further wait; those that are open stay so until `rejectWaits`. */
  cancel(): void {
    this.#isCancelled = true;
    this.#parking?.close();
    this.abort(new RunCancelledError());
  }

  /** Rejects the waits that are open, so that the code of a cancelled run ends. */
  rejectWaits(): void {
    const waits = this.#waits?.awaited ?? [];
    if (waits.length > 0) this.#waits?.reject(waits, new RunCancelledError());
  }

  /** Empties the cell, so that code of this run that goes on is told that its run has ended. */
  end(): void {
    this.cell.run = null;
    this.#parking?.close();
  }
}
