import { type PublicRunError, publicRunError } from "@pawl/contract/errors";
import { readPacket } from "@pawl/contract/packet";
import { type PublicStatus, publicStatus } from "@pawl/contract/run-state";
import type { MemoryRun, RunOptions } from "./memory-run.ts";

/** One line that a run has logged. */
export interface TestLog {
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** An attempt of a run that failed. */
export interface TestAttempt {
  /** From 1. */
  readonly number: number;
  readonly error: PublicRunError;
  /** How long after it the next attempt began, in milliseconds; null: there was none. */
  readonly retryDelayMs: number | null;
}

/**
 * A run of a test, as it stands when it is asked.
 *
 * @example
 * ```ts
 * const run = await kit.run(sendWelcome, { userId: "u_1" });
 * assert.equal(run.status, "COMPLETED");
 * assert.equal(run.childrenOf("email.send").length, 1);
 * ```
 */
export class TestRun<TOutput = unknown> {
  readonly #run: MemoryRun;

  constructor(run: MemoryRun) {
    this.#run = run;
  }

  /** `run_1`, `run_2`, … in the order of triggering. */
  get id(): string {
    return this.#run.id;
  }

  get taskId(): string {
    return this.#run.taskId;
  }

  /** As `runs.retrieve` would show it. */
  get status(): PublicStatus {
    return publicStatus(this.#run.standing);
  }

  /** Whether it has completed. */
  get ok(): boolean {
    return this.#run.ending?.outcome === "completed";
  }

  /** What it was triggered with, before a schema has read it. */
  get payload(): unknown {
    return readPacket(this.#run.order.payload);
  }

  /** The options it was triggered with, in the form of the API. */
  get options(): RunOptions {
    return this.#run.order.options;
  }

  /**
   * What it returned.
   *
   * @throws Error when it has not completed; its message says why, its `cause` is the run's error
   */
  get output(): TOutput {
    const { ending, id, taskId } = this.#run;
    if (ending?.outcome === "completed") {
      return readPacket(ending.output ?? { type: "application/json" }) as TOutput; // what the task's type says
    }
    const reason = this.error === undefined ? "" : `: ${this.error.message}`;
    throw new Error(`${id} of ${taskId} has no output, since it is ${this.status}${reason}`, { cause: this.error });
  }

  /** Why it failed; undefined unless it did. */
  get error(): PublicRunError | undefined {
    const error = this.#run.ending?.error;
    return error === undefined ? undefined : publicRunError(error);
  }

  /** How many attempts have begun. */
  get attemptCount(): number {
    return this.#run.attempt;
  }

  /** The attempts that failed. */
  get failedAttempts(): readonly TestAttempt[] {
    return this.#run.failedAttempts.map(({ number, error, retryDelayMs }) => ({
      number,
      error: publicRunError(error),
      retryDelayMs,
    }));
  }

  /** What it logged with `logger`. */
  get logs(): readonly TestLog[] {
    const records = this.#run.records.filter(({ kind }) => kind === "log");
    return records.map(({ level, message, attributes }) => ({
      level,
      message,
      ...(attributes === undefined ? {} : { attributes: JSON.parse(attributes) as Record<string, unknown> }), // written as an object
    }));
  }

  get metadata(): Readonly<Record<string, unknown>> {
    return this.#run.metadata;
  }

  get tags(): readonly string[] {
    return this.#run.tags;
  }

  /** What it has written to streams, by their keys. */
  get streams(): Readonly<Record<string, readonly unknown[]>> {
    return Object.fromEntries([...this.#run.streams].map(([key, { chunks }]) => [key, [...chunks]]));
  }

  /** The runs it has triggered, waited for or not, in their order. */
  get children(): readonly TestRun[] {
    return this.#run.children.map((child) => new TestRun(child));
  }

  /**
   * The runs of one task that it has triggered.
   *
   * @param task - the task, or its id
   * @returns the runs, in their order
   */
  childrenOf(task: string | { readonly id: string }): readonly TestRun[] {
    const id = typeof task === "string" ? task : task.id;
    return this.children.filter(({ taskId }) => taskId === id);
  }
}
