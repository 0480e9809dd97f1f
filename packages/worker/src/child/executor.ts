import { AsyncLocalStorage } from "node:async_hooks";
import type { RunResult } from "@pawl/contract/worker-protocol";
import { type RunCell, runtime } from "@pawl/sdk/runtime";
import type { Link } from "../channel/link.ts";
import { type ChildToHost, type HostToChild, monotonicMs, type RunOrder } from "../channel/messages.ts";
import { RunInProcess } from "./active-run.ts";
import { execute, resultOf } from "./execution.ts";
import { recordUnendedLines, withoutCapture } from "./output-capture.ts";
import type { TelemetrySender } from "./telemetry.ts";
import { describeThrown } from "./thrown-value.ts";

/** Resident memory is told once in so many runs, since asking the kernel costs more than a short run. */
const runsBetweenMemoryReports = 100;

/**
 * Executes one run at a time and tells the host how each ended. Short runs may queue up here, so that the process need not
 * wait for the host between two of them; the end of one is on its way to the host before the next one begins.
 *
 * ```
 *   idle ─runs─▶ executing ─its promise settles────▶ executing the next one, or idle
 *                    └──────an error escapes it────▶ ended (the host asks the process to exit)
 * ```
 */
export class Executor {
  readonly #link: Link<ChildToHost, HostToChild>;
  readonly #telemetry: TelemetrySender;
  readonly #context = new AsyncLocalStorage<RunCell>();
  #current: RunInProcess | null = null;
  #queue: RunOrder[] = [];
  #isNextDue = false;
  #runs = 0;
  /** Whether an error escaped some run: the process takes no further one. */
  #isTainted = false;

  constructor(link: Link<ChildToHost, HostToChild>, telemetry: TelemetrySender) {
    this.#link = link;
    this.#telemetry = telemetry;
    const shared = runtime();
    shared.context = this.#context;
    shared.executing = () => this.#current;
  }

  /** Executes runs, one after the other. */
  execute(orders: readonly RunOrder[]): void {
    this.#queue.push(...orders);
    if (this.#current === null && !this.#isNextDue) this.#next();
  }

  /** Gives back the runs that have not begun. */
  recall(): void {
    const unbegun = this.#queue.splice(0);
    this.#link.send({ kind: "unbegun", body: unbegun.map(({ run }) => run.runId) });
  }

  /** Fires the signal of a run, when it still executes. */
  abort(runId: string, reason: string): void {
    if (this.#current?.runId === runId) this.#current.abort(reason);
  }

  /**
   * Ends the run that an uncaught error belongs to: the one in whose context it was thrown, or without a context the one that
   * executes. An error of a run that has ended already changes nothing for the run that executes now.
   */
  escaped(thrown: unknown): void {
    const { message, stack } = describeThrown(thrown);
    withoutCapture(() => process.stderr.write(`Uncaught ${stack === "" ? message : stack}\n`));
    this.#isTainted = true;
    const cell = this.#context.getStore();
    const run = cell === undefined ? this.#current : cell.run;
    if (run === null || run !== this.#current) return;
    const error = {
      type: "INTERNAL_ERROR",
      code: "TASK_RUN_UNCAUGHT_EXCEPTION",
      message,
      ...(stack === "" ? {} : { stackTrace: stack }),
    } as const;
    this.#end(this.#current, resultOf(this.#current, { kind: "failed", error }));
  }

  #next(): void {
    this.#isNextDue = false;
    const order = this.#queue[0];
    if (order === undefined || this.#isTainted) return;
    if (order.beginByMs !== undefined && monotonicMs() > order.beginByMs) return this.recall();
    this.#queue.shift();
    const run = new RunInProcess(order, this.#telemetry);
    this.#current = run;
    const definition = runtime().tasks.get(run.taskId)?.[0];
    this.#context
      .run(run.cell, () => execute(run, definition))
      .then((result) => {
        if (run.isActive) this.#end(run, result);
      });
  }

  #end(run: RunInProcess, result: RunResult): void {
    recordUnendedLines(run);
    run.end();
    this.#current = null;
    this.#telemetry.flush();
    const isMemoryDue = this.#runs++ % runsBetweenMemoryReports === 0;
    this.#link.send({
      kind: "end",
      body: {
        result,
        ...(isMemoryDue ? { rss: process.memoryUsage.rss() } : {}),
        ...(this.#isTainted ? { isLast: true } : {}),
      },
    });
    if (this.#queue.length === 0) return;
    // In a turn of its own, so that what the host sent meanwhile is read first.
    this.#isNextDue = true;
    setImmediate(() => this.#next());
  }
}
