import type { InputStreamOnceResult } from "./input-types.ts";

/**
 * A record of an input stream on its way.
 *
 * @example
 * ```ts
 * const { approved } = await approval.once().unwrap();
 * ```
 */
export class InputStreamOncePromise<T> extends Promise<InputStreamOnceResult<T>> {
  // What `then` gives is an ordinary promise.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /**
   * Waits for the record.
   *
   * @returns the record
   * @throws InputStreamTimeoutError when none came in time
   * @example
   * ```ts
   * const { approved } = await approval.once({ timeoutMs: 30_000 }).unwrap();
   * ```
   */
  async unwrap(): Promise<T> {
    const result = await this;
    if (result.ok) return result.output;
    throw result.error;
  }
}
