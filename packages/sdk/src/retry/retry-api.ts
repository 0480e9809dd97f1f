import { type RetryOptions, retryOnThrow, type TryArguments } from "./on-throw.ts";
import { type RetryFetchInit, retryFetch } from "./retry-fetch.ts";

/** The calls of {@link retry}. */
export interface RetryApi {
  /**
   * Calls a function again when it throws. Between two tries a run waits as with `wait.for`: over a second it gives its slot back.
   * Several can run in parallel.
   *
   * @param body - what to try; it is told which try it is
   * @param options - `maxAttempts`, `factor`, `minTimeoutInMs`, `maxTimeoutInMs`, `randomize`; default: 3 tries, doubling from 1 s
   * up to 60 s, with jitter
   * @returns what the function returned
   * @throws what it threw at the last try; `AbortTaskRunError` and `RunCancelledError` at once
   * @example
   * ```ts
   * const rows = await retry.onThrow(async ({ attempt }) => readRows({ isLast: attempt === 5 }), { maxAttempts: 5 });
   * ```
   */
  onThrow<T>(body: (args: TryArguments) => Promise<T> | T, options?: RetryOptions): Promise<T>;
  /**
   * Calls `fetch` again when the answer, a timeout or the connection asks for it. Each try after the first sends the header
   * `x-retry-count`. It appears in the run's trace as one span.
   *
   * @param input - what `fetch` takes; a body that is a stream is sent only once
   * @param init - what `fetch` takes, with `timeoutInMs` for one try and `retry` for what is tried again: `byStatus` (by
   * default 408, 409, 429 and 5xx), `timeout`, `connectionError`
   * @returns the last answer, whatever its status
   * @throws what `fetch` threw at the last try; TypeError when a key of `byStatus` is no status
   * @example
   * ```ts
   * const answer = await retry.fetch("https://api.example.com/rows", {
   *   timeoutInMs: 5_000,
   *   retry: {
   *     byStatus: {
   *       "429": {
   *         strategy: "headers",
   *         limitHeader: "x-ratelimit-limit",
   *         remainingHeader: "x-ratelimit-remaining",
   *         resetHeader: "x-ratelimit-reset",
   *         resetFormat: "unix_timestamp_in_ms",
   *       },
   *       "500-599": { strategy: "backoff", maxAttempts: 5 },
   *     },
   *   },
   * });
   * ```
   */
  fetch(input: string | URL | Request, init?: RetryFetchInit): Promise<Response>;
}

/**
 * Tries again inside the code of a run, without failing its attempt. Works in backends too, where it waits by timers.
 *
 * @example
 * ```ts
 * const page = await retry.fetch("https://example.com");
 * ```
 */
export const retry: RetryApi = { onThrow: retryOnThrow, fetch: retryFetch };
