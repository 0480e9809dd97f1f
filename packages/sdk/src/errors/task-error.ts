import { brandClass } from "./brand.ts";

/**
 * Thrown in a task, ends its run as failed without another attempt.
 *
 * @example
 * ```ts
 * export const charge = task({
 *   id: "charge",
 *   run: async (payload: { amount: number }) => {
 *     if (payload.amount <= 0) throw new AbortTaskRunError("The amount must be positive");
 *   },
 * });
 * ```
 */
export class AbortTaskRunError extends Error {
  static {
    brandClass(AbortTaskRunError, "AbortTaskRunError");
  }
  override readonly name = "AbortTaskRunError";
}

/**
 * Thrown in a task, ends its run as crashed for want of memory, without another attempt; for code that notices it by itself, such as
 * when a program that it has started was killed.
 *
 * @example
 * ```ts
 * uploader.once("killed", () => {
 *   throw new OutOfMemoryError();
 * });
 * ```
 */
export class OutOfMemoryError extends Error {
  static {
    brandClass(OutOfMemoryError, "OutOfMemoryError");
  }
  override readonly name = "OutOfMemoryError";

  /** @param message - what was too large; default: a sentence that says that memory ran out */
  constructor(message = "Code of the run has run out of memory.") {
    super(message);
  }
}

/**
 * Thrown in a task, ends its run as completed, from however deep in its code.
 *
 * @example
 * ```ts
 * if (await isUpToDate(shop)) throw new CompleteTaskWithOutput({ skipped: true });
 * ```
 */
export class CompleteTaskWithOutput extends Error {
  static {
    brandClass(CompleteTaskWithOutput, "CompleteTaskWithOutput");
  }
  override readonly name = "CompleteTaskWithOutput";
  /** What the run gives as its output. */
  readonly output: unknown;

  /** @param output - the run's output; default: none */
  constructor(output?: unknown) {
    super("The run completes with the output of this error.");
    this.output = output;
  }
}

/** One thing that a schema found wrong with a payload. */
export interface PayloadIssue {
  readonly message: string;
  /** Where it is, such as `movies[3].year`; empty for the payload itself. */
  readonly path: string;
}

/**
 * A payload does not fit the schema of its task. The message lists every issue with its path. A run that fails with it is not
 * tried again.
 *
 * @example
 * ```ts
 * try {
 *   await report.trigger(payload);
 * } catch (error) {
 *   if (error instanceof TaskPayloadParsedError) console.error(error.issues);
 * }
 * ```
 */
export class TaskPayloadParsedError extends Error {
  static {
    brandClass(TaskPayloadParsedError, "TaskPayloadParsedError");
  }
  override readonly name = "TaskPayloadParsedError";
  readonly taskId: string;
  readonly issues: readonly PayloadIssue[];

  constructor(taskId: string, issues: readonly PayloadIssue[], options?: ErrorOptions) {
    const lines = issues.map(({ path, message }) => `\n- ${path === "" ? "payload" : path}: ${message}`);
    super(`The payload does not fit the schema of task ${taskId}:${lines.join("")}`, options);
    this.taskId = taskId;
    this.issues = issues;
  }
}

/**
 * A payload can't be sent: it is too large, or a value in it can't be written as JSON. The message names the value's path.
 *
 * @example
 * ```ts
 * const broken = { at: { toJSON: () => { throw new Error("no"); } } };
 * await tasks.trigger("t", broken).catch((error) => error instanceof PayloadError); // true
 * ```
 */
export class PayloadError extends Error {
  static {
    brandClass(PayloadError, "PayloadError");
  }
  override readonly name = "PayloadError";
}

/**
 * A call that belongs to a run was made where no run, or one that has ended, is the context. The message names the cause.
 *
 * @example
 * ```ts
 * try {
 *   await wait.for({ seconds: 5 });
 * } catch (error) {
 *   if (error instanceof RunContextError) console.error("Only the code of a task can wait.");
 *   else throw error;
 * }
 * ```
 */
export class RunContextError extends Error {
  static {
    brandClass(RunContextError, "RunContextError");
  }
  override readonly name = "RunContextError";
}
