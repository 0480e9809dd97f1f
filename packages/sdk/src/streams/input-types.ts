import type { RequestOptions } from "../client/client-settings.ts";
import type { InputStreamTimeoutError } from "../errors/wait-error.ts";
import type { ManualWaitpointPromise } from "../wait/token.ts";
import type { CreateTokenOptions, WaitpointTokenResult } from "../wait/token-types.ts";
import type { InputStreamOncePromise } from "./once-promise.ts";

/** A handler that was registered. */
export interface InputStreamSubscription {
  /** Takes it away again; the end of the attempt does so by itself. */
  off(): void;
}

/** Settings of `once`. */
export interface InputStreamOnceOptions {
  /** How long to wait, in milliseconds; default: until the attempt ends. */
  readonly timeoutMs?: number;
  /** Ends the waiting when it fires: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** What `once` came to. */
export type InputStreamOnceResult<T> =
  | { readonly ok: true; readonly output: T }
  | { readonly ok: false; readonly error: InputStreamTimeoutError };

/** Settings of `wait`: those of a token. */
export type InputStreamWaitOptions = CreateTokenOptions;

/** Settings of `waitWithIdleTimeout`. */
export interface InputStreamWaitWithIdleTimeoutOptions {
  /** How long to wait in place, in seconds, before the slot is given back. */
  readonly idleTimeoutInSeconds: number;
  /** How long to wait after that, such as `1h`; default: for ever. */
  readonly timeout?: string;
  /** Called before the slot is given back. */
  readonly onSuspend?: () => void | Promise<void>;
  /** Called when something has come after that. */
  readonly onResume?: () => void | Promise<void>;
  /** Whether to give up instead of giving the slot back; default: no. */
  readonly skipSuspend?: boolean;
}

/** Settings of `send`. */
export interface SendInputStreamOptions {
  readonly requestOptions?: RequestOptions;
}

/**
 * What somebody sends to a run while it executes. Each record goes to every handler of `on`, and to one of those who wait with `once` or
 * `wait`, in the order in which they asked; a record that finds neither is kept for who asks next. An attempt that is retried begins
 * with the first record again.
 */
export interface RealtimeDefinedInputStream<T> {
  readonly id: string;
  /**
   * Sends a record to a run: from a backend, another run, or a page with the run's public access token.
   *
   * @param runId - the run
   * @param data - what JSON can hold, at most 1 MB
   * @throws PayloadError when the data can't be sent; BadRequestError when the run is over; NotFoundError when there is none
   * @example
   * ```ts
   * await approval.send(handle.id, { approved: true, by: "ada" });
   * ```
   */
  send(runId: string, data: T, options?: SendInputStreamOptions): Promise<void>;
  /**
   * Calls a function with each record, those that nobody has taken yet first, until the attempt ends.
   *
   * @param handler - gets the record; what it throws is logged
   * @returns takes it away before
   * @throws RunContextError outside of a run
   * @example
   * ```ts
   * const abort = new AbortController();
   * stop.on(() => abort.abort());
   * ```
   */
  on(handler: (data: T) => void | Promise<void>): InputStreamSubscription;
  /**
   * Waits for the next record in place: the run keeps its slot.
   *
   * @param options - a timeout, a signal
   * @returns `{ ok: true, output }`, or `{ ok: false, error }` when none came in time; `.unwrap()` gives the record or throws
   * @throws RunContextError outside of a run; ApiError when the server refuses to have the stream read
   * @example
   * ```ts
   * const answer = await approval.once({ timeoutMs: 30_000 });
   * if (answer.ok) logger.info(`Approved by ${answer.output.by}`);
   * ```
   */
  once(options?: InputStreamOnceOptions): InputStreamOncePromise<T>;
  /**
   * Waits for the next record as for a token: the run gives its slot back meanwhile, and goes on even if its host is lost.
   *
   * @param options - the timeout, tags and `idempotencyKey` of a token
   * @returns as `wait.forToken`
   * @throws RunContextError outside of a run
   * @example
   * ```ts
   * const { approved } = await approval.wait({ timeout: "7d" }).unwrap();
   * ```
   */
  wait(options?: InputStreamWaitOptions): ManualWaitpointPromise<T>;
  /**
   * Waits for the next record in place for a while, then as `wait` does.
   *
   * @param options - how long to wait in each of the two ways
   * @returns `{ ok: true, output }`, or `{ ok: false, error }` when none came in time
   * @throws RunContextError outside of a run
   * @example
   * ```ts
   * const message = await chat.waitWithIdleTimeout({ idleTimeoutInSeconds: 30, timeout: "1h" });
   * ```
   */
  waitWithIdleTimeout(options: InputStreamWaitWithIdleTimeoutOptions): Promise<WaitpointTokenResult<T>>;
  /**
   * The next record that has come and that nobody has taken; it stays where it is.
   *
   * @returns the record; undefined when there is none yet
   * @throws RunContextError outside of a run
   * @example
   * ```ts
   * if (approval.peek() !== undefined) logger.info("There is an answer already");
   * ```
   */
  peek(): T | undefined;
}

/** The type of the records of an input stream that was defined. */
export type InferInputStreamType<TStream> = TStream extends RealtimeDefinedInputStream<infer T> ? T : unknown;
