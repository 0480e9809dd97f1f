import type { ActiveRun, LogRecord, RunCell } from "@pawl/sdk/runtime";
import type { RunOrder } from "../channel/messages.ts";
import type { TelemetrySender } from "./telemetry.ts";

/** A run while this process executes it. */
export class RunInProcess implements ActiveRun {
  readonly order: RunOrder;
  /** What travels in the asynchronous context; emptied when the run ends. */
  readonly cell: RunCell;
  readonly startedAtMs = performance.now();
  readonly #telemetry: TelemetrySender;
  #controller: AbortController | null = null;
  #abortReason: string | null = null;

  constructor(order: RunOrder, telemetry: TelemetrySender) {
    this.order = order;
    this.#telemetry = telemetry;
    this.cell = { run: this };
  }

  get runId(): string {
    return this.order.run.runId;
  }

  get taskId(): string {
    return this.order.run.taskId;
  }

  get attempt(): number {
    return this.order.run.attempt;
  }

  /** Whether the run has not ended yet. */
  get isActive(): boolean {
    return this.cell.run !== null;
  }

  // Made when it is first asked for: most runs never look at it.
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#abortReason !== null) this.#controller.abort(new Error(this.#abortReason));
    }
    return this.#controller.signal;
  }

  log(record: LogRecord): void {
    this.#telemetry.log(this, record);
  }

  /** Fires the signal. */
  abort(reason: string): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(new Error(reason));
  }

  /** Empties the cell, so that code of this run that goes on is told that its run has ended. */
  end(): void {
    this.cell.run = null;
  }
}
