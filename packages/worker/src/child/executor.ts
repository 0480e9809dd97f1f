import { AsyncLocalStorage } from "node:async_hooks";
import type { RunResult } from "@pawl/contract/worker-protocol";
import { type RunCell, runtime } from "@pawl/sdk/runtime";
import type { Link } from "../channel/link.ts";
import type { ChildToHost, HostToChild, RunOrder } from "../channel/messages.ts";
import { RunInProcess } from "./active-run.ts";
import { execute, resultOf } from "./execution.ts";
import type { TelemetrySender } from "./telemetry.ts";
import { describeThrown } from "./thrown-value.ts";

/** Resident memory is told once in so many runs, since asking the kernel costs more than a short run. */
const runsBetweenMemoryReports = 100;

/**
 * Executes one run at a time and tells the host how each ended.
 *
 * ```
 *   idle ─run─▶ executing ─its promise settles────▶ idle
 *                   └──────an error escapes it────▶ ended (the host asks the process to exit)
 * ```
 */
export class Executor {
  readonly #link: Link<ChildToHost, HostToChild>;
  readonly #telemetry: TelemetrySender;
  readonly #context = new AsyncLocalStorage<RunCell>();
  #current: RunInProcess | null = null;
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

  /** Executes a run; the host gives the next one after the end of this one. */
  execute(order: RunOrder): void {
    const run = new RunInProcess(order, this.#telemetry);
    this.#current = run;
    const definition = runtime().tasks.get(run.taskId)?.[0];
    this.#context
      .run(run.cell, () => execute(run, definition))
      .then((result) => {
        if (run.isActive) this.#end(run, result);
      });
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
    process.stderr.write(`Uncaught ${stack === "" ? message : stack}\n`);
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

  #end(run: RunInProcess, result: RunResult): void {
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
  }
}
