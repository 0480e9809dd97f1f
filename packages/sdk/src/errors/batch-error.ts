import { ApiError, RateLimitError } from "./api-error.ts";
import { brandClass } from "./brand.ts";

/** Where a batch failed: when it was announced, or while its items were sent. */
export type BatchPhase = "create" | "stream";

/**
 * A batch could not be triggered. `cause` says why; after a failure in the phase `stream` some of its runs may exist, and
 * will not be executed until the batch is whole.
 *
 * @example
 * ```ts
 * try {
 *   await tasks.batchTrigger("hello", items);
 * } catch (error) {
 *   if (error instanceof BatchTriggerError && error.isRateLimited) await later(error.retryAfterMs);
 * }
 * ```
 */
export class BatchTriggerError extends Error {
  static {
    brandClass(BatchTriggerError, "BatchTriggerError");
  }
  override readonly name = "BatchTriggerError";
  readonly phase: BatchPhase;
  readonly batchId: string | undefined;
  readonly itemCount: number;
  /** The cause, where it is an answer of the API. */
  readonly apiError: ApiError | undefined;
  readonly isRateLimited: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(failure: { phase: BatchPhase; batchId: string | undefined; itemCount: number; cause: unknown }) {
    const { phase, batchId, itemCount, cause } = failure;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const stage = phase === "create" ? "could not be created" : `(${batchId}) did not get all its items`;
    super(`The batch of ${itemCount} ${stage}: ${reason}`, { cause });
    this.phase = phase;
    this.batchId = batchId;
    this.itemCount = itemCount;
    this.apiError = cause instanceof ApiError ? cause : undefined;
    this.isRateLimited = cause instanceof RateLimitError;
    this.retryAfterMs = cause instanceof RateLimitError ? cause.millisecondsUntilReset : undefined;
  }
}

/**
 * The server still lacked items of a batch after all of them had been sent five times.
 *
 * @example
 * ```ts
 * try {
 *   await tasks.batchTrigger("hello", [{ payload: { name: "Ada" } }]);
 * } catch (error) {
 *   if (error instanceof BatchTriggerError && error.cause instanceof BatchNotSealedError) console.error(error.batchId);
 *   else throw error;
 * }
 * ```
 */
export class BatchNotSealedError extends Error {
  static {
    brandClass(BatchNotSealedError, "BatchNotSealedError");
  }
  override readonly name = "BatchNotSealedError";

  constructor(batchId: string, enqueuedCount: number, expectedCount: number) {
    super(`Batch ${batchId} has ${enqueuedCount} of ${expectedCount} items after they were sent five times.`);
  }
}
