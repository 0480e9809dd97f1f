import { brandClass } from "./brand.ts";

/**
 * Thrown by `.unwrap()` when the run that was waited for did not complete. `cause` is its error.
 *
 * @example
 * ```ts
 * try {
 *   await resize.triggerAndWait({ url }).unwrap();
 * } catch (error) {
 *   if (error instanceof SubtaskUnwrapError) console.error(error.runId, error.cause);
 * }
 * ```
 */
export class SubtaskUnwrapError extends Error {
  static {
    brandClass(SubtaskUnwrapError, "SubtaskUnwrapError");
  }
  override readonly name = "SubtaskUnwrapError";
  readonly taskId: string;
  /** `run_…`; empty for an item of a batch of which no run could be made. */
  readonly runId: string;

  constructor(taskId: string, runId: string, cause: Error) {
    super(`The run ${runId} of task ${taskId} did not complete: ${cause.message}`, { cause });
    this.taskId = taskId;
    this.runId = runId;
  }
}

/**
 * Nobody completed a token before its timeout.
 *
 * @example
 * ```ts
 * const approval = await wait.forToken<{ approved: boolean }>(token);
 * if (!approval.ok) logger.warn(approval.error.message); // a WaitpointTimeoutError
 * ```
 */
export class WaitpointTimeoutError extends Error {
  static {
    brandClass(WaitpointTimeoutError, "WaitpointTimeoutError");
  }
  override readonly name = "WaitpointTimeoutError";
}

/**
 * No record came to an input stream in time.
 *
 * @example
 * ```ts
 * const answer = await approval.once({ timeoutMs: 30_000 });
 * if (!answer.ok) logger.warn(answer.error.message); // an InputStreamTimeoutError
 * ```
 */
export class InputStreamTimeoutError extends Error {
  static {
    brandClass(InputStreamTimeoutError, "InputStreamTimeoutError");
  }
  override readonly name = "InputStreamTimeoutError";
  readonly streamId: string;
  readonly timeoutMs: number;

  constructor(streamId: string, timeoutMs: number) {
    super(`Nothing came to the input stream ${streamId} in ${timeoutMs} ms.`);
    this.streamId = streamId;
    this.timeoutMs = timeoutMs;
  }
}
