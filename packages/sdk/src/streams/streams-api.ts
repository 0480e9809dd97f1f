import type { RealtimeDefinedInputStream } from "./input-types.ts";
import { waitForInput, waitWithIdleTimeout } from "./input-wait.ts";
import { once } from "./once.ts";
import { append, pipe, type StreamSource } from "./pipe.ts";
import { read } from "./read.ts";
import { runInput } from "./run-input.ts";
import { sendInput } from "./send-input.ts";
import { checkedStreamKey, defaultStreamKey } from "./stream-path.ts";
import type {
  AppendStreamOptions,
  AsyncIterableStream,
  PipeStreamOptions,
  PipeStreamResult,
  ReadStreamOptions,
  RealtimeDefinedStream,
  WriterStreamOptions,
} from "./stream-types.ts";
import { writer } from "./writer.ts";

/** The calls of {@link streams}. */
export interface StreamsApi {
  /**
   * Defines a stream that runs write and others read, with the type of its chunks. Nothing is sent by that.
   *
   * @param options - its id, 1 to 128 characters
   * @returns the stream
   * @throws BadRequestError when the id can't be one
   * @example
   * ```ts
   * export const tokens = streams.define<string>({ id: "tokens" });
   * ```
   */
  define<T>(options: { readonly id: string }): RealtimeDefinedStream<T>;
  /**
   * Defines a stream that others send to runs while these execute, with the type of its records.
   *
   * @param options - its id, 1 to 128 characters
   * @returns the stream
   * @throws BadRequestError when the id can't be one
   * @example
   * ```ts
   * export const approval = streams.input<{ approved: boolean }>({ id: "approval" });
   * ```
   */
  input<T>(options: { readonly id: string }): RealtimeDefinedInputStream<T>;
  /**
   * Sends a source to a stream by its key, `default` without one; see {@link RealtimeDefinedStream.pipe}.
   *
   * @example
   * ```ts
   * const { waitUntilComplete } = streams.pipe("tokens", completion);
   * await waitUntilComplete();
   * ```
   */
  pipe<T>(source: StreamSource<T>, options?: PipeStreamOptions): PipeStreamResult<T>;
  pipe<T>(key: string, source: StreamSource<T>, options?: PipeStreamOptions): PipeStreamResult<T>;
  /**
   * Adds a chunk to a stream by its key, `default` without one; see {@link RealtimeDefinedStream.append}.
   *
   * @example
   * ```ts
   * await streams.append("steps", { step: "download", done: true });
   * ```
   */
  append<T>(chunk: T, options?: AppendStreamOptions): Promise<void>;
  append<T>(key: string, chunk: T, options?: AppendStreamOptions): Promise<void>;
  /**
   * Sends what code writes to a stream by its key, `default` without one; see {@link RealtimeDefinedStream.writer}.
   *
   * @example
   * ```ts
   * streams.writer<string>("lines", { execute: ({ write }) => write("begun") });
   * ```
   */
  writer<T>(options: WriterStreamOptions<T>): PipeStreamResult<T>;
  writer<T>(key: string, options: WriterStreamOptions<T>): PipeStreamResult<T>;
  /**
   * Reads a stream of a run by its key, `default` without one; see {@link RealtimeDefinedStream.read}.
   *
   * @example
   * ```ts
   * for await (const token of await streams.read<string>(handle.id, "tokens")) show(token);
   * ```
   */
  read<T = unknown>(runId: string, options?: ReadStreamOptions<T>): Promise<AsyncIterableStream<T>>;
  read<T = unknown>(runId: string, key: string, options?: ReadStreamOptions<T>): Promise<AsyncIterableStream<T>>;
}

/**
 * Streams: chunks that come from a run while it executes, and records that are sent to it.
 *
 * @example
 * ```ts
 * const tokens = streams.define<string>({ id: "tokens" });
 * // in a task:
 * const { waitUntilComplete } = tokens.pipe(completion);
 * // in a backend or a page:
 * for await (const token of await tokens.read(handle.id)) show(token);
 * ```
 */
export const streams: StreamsApi = {
  define<T>({ id }: { readonly id: string }): RealtimeDefinedStream<T> {
    checkedStreamKey(id);
    return {
      id,
      pipe: (source, options) => pipe(id, source, options),
      append: (chunk, options) => append(id, chunk, options),
      writer: (options) => writer(id, options),
      read: (runId, options) => read(runId, id, options),
    };
  },
  input<T>({ id }: { readonly id: string }): RealtimeDefinedInputStream<T> {
    checkedStreamKey(id);
    return {
      id,
      send: (runId, data, options) => sendInput(runId, id, data, options),
      on(handler) {
        const { input } = runInput("The handler of an input stream", id);
        const own = (data: unknown) => handler(data as T); // of the type that the definition says
        input.add(own);
        return { off: () => input.remove(own) };
      },
      once: (options) => once<T>(id, options),
      wait: (options) => waitForInput<T>(id, options),
      waitWithIdleTimeout: (options) => waitWithIdleTimeout<T>(id, options),
      peek: () => runInput("The peek of an input stream", id).input.first as T | undefined, // as above
    };
  },
  pipe<T>(first: string | StreamSource<T>, second?: unknown, third?: PipeStreamOptions): PipeStreamResult<T> {
    // The casts follow the two signatures.
    if (typeof first === "string") return pipe(first, second as StreamSource<T>, third);
    return pipe(defaultStreamKey, first, second as PipeStreamOptions | undefined);
  },
  append(...given: readonly unknown[]): Promise<void> {
    const [first, second, third] = given;
    const isKeyed = typeof first === "string" && given.length > 1 && !isAppendOptions(second);
    if (isKeyed) return append(first, second, third as AppendStreamOptions | undefined);
    return append(defaultStreamKey, first, second as AppendStreamOptions | undefined);
  },
  writer<T>(first: string | WriterStreamOptions<T>, second?: WriterStreamOptions<T>): PipeStreamResult<T> {
    if (typeof first !== "string") return writer(defaultStreamKey, first);
    if (second === undefined) throw new TypeError("streams.writer needs { execute }.");
    return writer(first, second);
  },
  read<T>(
    runId: string,
    second?: string | ReadStreamOptions<T>,
    third?: ReadStreamOptions<T>,
  ): Promise<AsyncIterableStream<T>> {
    return typeof second === "string" ? read<T>(runId, second, third) : read<T>(runId, defaultStreamKey, second);
  },
};

/** A chunk of text may be followed by options, and a key by a chunk: what has a field of options is them. */
function isAppendOptions(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return ("target" in value && typeof value.target === "string") || "requestOptions" in value;
}
