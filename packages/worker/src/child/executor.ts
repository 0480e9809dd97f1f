import { AsyncLocalStorage } from "node:async_hooks";
import type { CallAnswer, RunResult } from "@pawl/contract/worker-protocol";
import { type RunCell, runtime } from "@pawl/sdk/runtime";
import type { Link } from "../channel/link.ts";
import { type ChildToHost, type EndedWait, type HostToChild, monotonicMs, type RunOrder } from "../channel/messages.ts";
import { RunInProcess, type RunOutlets } from "./active-run.ts";
import { type BundleConfig, registerConfigHooks } from "./bundle-config.ts";
import { cancelRun } from "./cancellation.ts";
import { cancelledResult, execute, resultOf } from "./execution.ts";
import { recordUnendedLines, withoutCapture } from "./output-capture.ts";
import { ProcessExitError } from "./process-exit.ts";
import { realTimers } from "./real-timers.ts";
import type { TelemetrySender } from "./telemetry.ts";
import { describeThrown } from "./thrown-value.ts";

const { setImmediate, setTimeout, clearTimeout } = realTimers;

/** Resident memory is told once in so many runs, since asking the kernel costs more than a short run. */
const runsBetweenMemoryReports = 100;
/** How long a run whose code has ended stays for the answers to calls that it did not await, in milliseconds. */
const unawaitedCallsMs = 5_000;

/** The end of the control channel that is written to. */
type OutgoingLink = Pick<Link<ChildToHost, HostToChild>, "post" | "send" | "flush">;

/**
 * Executes runs and tells the host how each ended. One is *current*; orders may queue up behind it, so that the process need
 * not wait for the host between two of them, and begin as soon as the one before has ended or parked. Runs that were resumed
 * meanwhile execute beside it.
 *
 * ```
 *              ┌──────────resume─────────┐
 *              ▼                         │
 *   begun ─▶ executing ─its code waits─▶ parked
 *              │                         │
 *              ├─its promise settles─────┤ (code beside a wait)
 *              ├─an error escapes it─────┤
 *              ├─cancelled───────────────┤
 *              └──────────▶ ended ◀──────┘
 * ```
 *
 * When an error escapes a run, or a run calls `process.exit`, other runs of the process go on, and no new one begins.
 */
export class Executor {
  readonly #link: OutgoingLink;
  readonly #telemetry: TelemetrySender;
  readonly #context = new AsyncLocalStorage<RunCell>();
  readonly #outlets: RunOutlets;
  readonly #begun = new Map<string, RunInProcess>();
  #config: BundleConfig = {};
  #current: RunInProcess | null = null;
  #queue: RunOrder[] = [];
  #isNextDue = false;
  #runs = 0;
  /** Whether something escaped a run: the process is not to be trusted with new ones. */
  #isTainted = false;
  /** Whether the host knows that. */
  #isLastTold = false;

  constructor(link: OutgoingLink, telemetry: TelemetrySender) {
    this.#link = link;
    this.#telemetry = telemetry;
    this.#outlets = {
      telemetry,
      post: (message) => link.post(message),
      flush: () => link.flush(),
      parked: (run) => this.#leave(run),
    };
    const shared = runtime();
    shared.context = this.#context;
    shared.executing = () => this.#executing();
  }

  /** Takes the configuration of the imported bundle. */
  configure(config: BundleConfig): void {
    this.#config = config;
    runtime().logLevel = config.logLevel;
    registerConfigHooks(config);
  }

  /** Executes runs, one after the other. */
  execute(orders: readonly RunOrder[]): void {
    this.#queue.push(...orders);
    if (this.#isLastTold) return this.recall(); // sent before the host knew
    if (this.#current === null && !this.#isNextDue) this.#next();
  }

  /** Gives back the runs that have not begun. */
  recall(): void {
    const unbegun = this.#queue.splice(0);
    this.#link.send({ kind: "unbegun", body: unbegun.map(({ run }) => run.runId) });
  }

  /** Fires the signal of a run. */
  abort(runId: string, reason: string): void {
    this.#begun.get(runId)?.abort(new Error(reason));
  }

  /** Ends a run because somebody cancelled it. */
  cancel(runId: string): void {
    const run = this.#begun.get(runId);
    if (run === undefined) return this.#cancelUnbegun(runId);
    if (run.isCancelled) return;
    void this.#context
      .run(run.cell, () => cancelRun(run))
      .then((hasEnded) => {
        if (!run.isActive) return;
        this.#isTainted ||= !hasEnded; // its code goes on in here
        this.#end(run, cancelledResult(run));
      });
  }

  /** Lets go of a run that is no longer this process's, and tells nothing more of it. */
  drop(runId: string, reason: string): void {
    this.#queue = this.#queue.filter(({ run }) => run.runId !== runId);
    const run = this.#begun.get(runId);
    if (run === undefined) return;
    run.abort(new Error(reason));
    this.#forget(run);
  }

  /** Takes the answer to a call of a run. */
  answer(runId: string, answer: CallAnswer): void {
    this.#begun.get(runId)?.answer(answer);
  }

  /** Lets a run go on whose waits are over. */
  resume(runId: string, waits: readonly EndedWait[]): void {
    const run = this.#begun.get(runId);
    if (run === undefined) return;
    if (run.isParked && this.#current === null && this.#queue.length === 0) this.#current = run;
    run.resume(waits);
  }

  /**
   * Ends the run that an uncaught error belongs to: the one in whose context it was thrown, or without a context the one that
   * executes. An error of a run that has ended already changes nothing for the other runs.
   */
  escaped(thrown: unknown): void {
    if (thrown instanceof ProcessExitError) return; // its run has ended with the call
    const { message, stack } = describeThrown(thrown);
    withoutCapture(() => process.stderr.write(`Uncaught ${stack === "" ? message : stack}\n`));
    this.#isTainted = true;
    const cell = this.#context.getStore();
    const run = cell === undefined ? this.#executing() : this.#runOf(cell);
    if (run === null || run.isCancelled) return; // a cancelled one ends as that
    const error = {
      type: "INTERNAL_ERROR",
      code: "TASK_RUN_UNCAUGHT_EXCEPTION",
      message,
      ...(stack === "" ? {} : { stackTrace: stack }),
    } as const;
    this.#end(run, resultOf(run, { kind: "failed", error }));
  }

  /**
   * Decides about a call of `process.exit`. With other runs in the process it ends only the run that made it, and the process
   * lives on for them; so it does when the call comes from the code of a run that has ended. A call of no run's code is obeyed:
   * what dies with the process is recovered.
   *
   * @returns whether the process lives on
   */
  refusesExit(code: number): boolean {
    const cell = this.#context.getStore();
    if (cell === undefined) return false;
    const run = this.#runOf(cell);
    if (this.#begun.size === (run === null ? 0 : 1)) return false; // its host sees how it ends
    this.#isTainted = true;
    if (run === null || run.isCancelled) return true;
    const message = `process.exit(${code}) was called.`;
    const error = { type: "INTERNAL_ERROR", code: "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", message } as const;
    this.#end(run, resultOf(run, { kind: "failed", error }));
    return true;
  }

  /** Records what runs have written of lines that they did not end. */
  recordUnendedLines(): void {
    for (const run of this.#begun.values()) recordUnendedLines(run);
  }

  /** The current run, else one that executes beside. */
  #executing(): RunInProcess | null {
    if (this.#current !== null) return this.#current;
    for (const run of this.#begun.values()) if (!run.isParked) return run;
    return null;
  }

  #runOf(cell: RunCell): RunInProcess | null {
    const { run } = cell;
    return run instanceof RunInProcess && this.#begun.get(run.heldId) === run ? run : null;
  }

  #next(): void {
    this.#isNextDue = false;
    const order = this.#queue[0];
    if (order === undefined || this.#isLastTold) return;
    if (order.beginByMs !== undefined && monotonicMs() > order.beginByMs) return this.recall();
    this.#queue.shift();
    const run = new RunInProcess(order, this.#outlets);
    this.#current = run;
    this.#begun.set(run.heldId, run); // before its code, which may end it at once
    const definition = runtime().tasks.get(run.taskId)?.[0];
    run.ended = this.#context.run(run.cell, () => execute(run, definition, this.#config));
    void run.ended.then((result) => {
      if (run.hasCallsUnderWay) void this.#endAfterCalls(run, result);
      else this.#endOwn(run, result);
    });
  }

  #endOwn(run: RunInProcess, result: RunResult): void {
    if (run.isActive && !run.isCancelled) this.#end(run, result);
  }

  // The end of a run takes its claim away, under which calls that it did not await are still to be made.
  async #endAfterCalls(run: RunInProcess, result: RunResult): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const isLate = new Promise((resolve) => {
      timer = setTimeout(resolve, unawaitedCallsMs);
    });
    await Promise.race([run.whenCallsAnswered(), isLate]);
    clearTimeout(timer);
    this.#endOwn(run, result);
  }

  #end(run: RunInProcess, result: RunResult): void {
    recordUnendedLines(run);
    this.#telemetry.flush();
    const isMemoryDue = this.#runs++ % runsBetweenMemoryReports === 0;
    this.#isLastTold = this.#isTainted;
    const metadata = result.kind === "failed" ? run.cell.metadata?.() : undefined;
    this.#link.send({
      kind: "end",
      body: {
        result,
        ...(metadata === undefined ? {} : { metadata }),
        ...(isMemoryDue ? { rss: process.memoryUsage.rss() } : {}),
        ...(this.#isTainted ? { isLast: true } : {}),
      },
    });
    this.#forget(run);
  }

  #cancelUnbegun(runId: string): void {
    const order = this.#queue.find(({ run }) => run.runId === runId);
    if (order === undefined) return;
    this.#queue = this.#queue.filter((queued) => queued !== order);
    const run = new RunInProcess(order, this.#outlets);
    const body = { result: { ...cancelledResult(run), durationMs: 0 } };
    this.#link.send({ kind: "end", body });
  }

  #forget(run: RunInProcess): void {
    run.end();
    this.#begun.delete(run.heldId);
    this.#leave(run);
  }

  /** The run is no longer the current one: the next may begin. */
  #leave(run: RunInProcess): void {
    if (this.#current !== run) return;
    this.#current = null;
    if (this.#queue.length === 0 || this.#isNextDue) return;
    // In a turn of its own, so that what the host sent meanwhile is read first.
    this.#isNextDue = true;
    setImmediate(() => this.#next());
  }
}
