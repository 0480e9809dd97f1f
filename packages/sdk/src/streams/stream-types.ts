import type { CallTarget, RequestOptions } from "../client/client-settings.ts";

/** A stream that can also be read with `for await`, in every browser. */
export type AsyncIterableStream<T> = ReadableStream<T> & AsyncIterable<T>;

/** Whose stream it is: the run that executes, its parent, the first of the runs above it, or a run by its id. */
export type StreamTarget = "self" | "parent" | "root" | (string & {});

/** Settings of `pipe`. */
export interface PipeStreamOptions {
  /** Whose stream it is; default: of the run that executes. Outside of a run it has to be the id of one. */
  readonly target?: StreamTarget;
  /** Ends the piping when it fires: what was read so far is sent, and the rest is left. */
  readonly signal?: AbortSignal;
  readonly requestOptions?: RequestOptions;
}

/** Settings of `append`. */
export type AppendStreamOptions = Pick<PipeStreamOptions, "target" | "requestOptions">;

/** Settings of `writer`. */
export interface WriterStreamOptions<T> extends PipeStreamOptions {
  /** Writes; the stream is complete when what it returns has settled, and every merged stream has ended. */
  readonly execute: (stream: StreamWriter<T>) => Promise<void> | void;
}

/** What `execute` of a writer writes with. */
export interface StreamWriter<T> {
  /** Adds one chunk. */
  write(chunk: T): void;
  /** Adds every chunk of another stream, as they come. */
  merge(stream: ReadableStream<T> | AsyncIterable<T>): void;
}

/** Where a stream that was written ends. */
export interface StreamWriteResult {
  /** The position of its last chunk, for `lastEventId` of a read; absent when nothing was written. */
  readonly lastEventId?: string;
}

/** A source that is being sent. */
export interface PipeStreamResult<T> {
  /** The chunks of the source once more, for code that uses them itself. */
  readonly stream: AsyncIterableStream<T>;
  /**
   * Waits until every chunk is stored.
   *
   * @throws what the source throws; ApiError when the server refuses a chunk; ApiConnectionError without an answer
   */
  readonly waitUntilComplete: () => Promise<StreamWriteResult>;
}

/** One chunk of a stream, with its place. */
export interface StreamPart<T> {
  /** Its place, for `lastEventId` of a later read. */
  readonly id: string;
  /** Counts the chunks of the stream from 0. */
  readonly index: number;
  readonly chunk: T;
  /** When it was stored, in milliseconds since 1970. */
  readonly timestamp: number;
}

/** Settings of `read`. */
export interface ReadStreamOptions<T = unknown> {
  /** After how many seconds without a chunk it ends, 1 to 600; default: 60. */
  readonly timeoutInSeconds?: number;
  /** How many chunks are left out at the beginning; default: none. */
  readonly startIndex?: number;
  /** Goes on after this chunk, by its `id`; wins over `startIndex`. */
  readonly lastEventId?: string;
  /** `latest` leaves out what is there already; default: `beginning`. Of no use with `startIndex` or `lastEventId`. */
  readonly from?: "beginning" | "latest";
  /** Ends it when it fires, as if there was nothing more. */
  readonly signal?: AbortSignal;
  /** Called with each chunk and its place, before it is given. */
  readonly onPart?: (part: StreamPart<T>) => void;
  /** Where the run is, and with which key its stream is read, whatever is configured otherwise. */
  readonly clientConfig?: CallTarget;
}

/** A stream of runs, with the type of its chunks. */
export interface RealtimeDefinedStream<T> {
  readonly id: string;
  /**
   * Sends a source, chunk by chunk, while it produces. It returns at once; a run ends only when what it pipes is sent.
   *
   * @param source - what to send: each of its values is a chunk of at most 1 MB as JSON
   * @param options - whose stream it is, and a signal
   * @returns the same chunks for this code, and a promise for the end
   * @throws RunContextError outside of a run without `target`
   * @example
   * ```ts
   * const { stream } = tokens.pipe(completion);
   * for await (const token of stream) text += token;
   * ```
   */
  pipe(source: AsyncIterable<T> | ReadableStream<T>, options?: PipeStreamOptions): PipeStreamResult<T>;
  /**
   * Adds one chunk.
   *
   * @param chunk - what JSON can hold, at most 1 MB
   * @param options - whose stream it is
   * @throws RunContextError outside of a run without `target`; PayloadError when the chunk can't be sent; ApiError when the
   * server refuses it, such as for a run that is over
   * @example
   * ```ts
   * await progress.append({ step: "download", done: true });
   * ```
   */
  append(chunk: T, options?: AppendStreamOptions): Promise<void>;
  /**
   * Sends what code writes.
   *
   * @param options - the code, and whose stream it is
   * @returns as `pipe`
   * @throws as `pipe`
   * @example
   * ```ts
   * const { waitUntilComplete } = progress.writer({
   *   execute: ({ write, merge }) => {
   *     write({ step: "start" });
   *     merge(stepsOf(job));
   *   },
   * });
   * await waitUntilComplete();
   * ```
   */
  writer(options: WriterStreamOptions<T>): PipeStreamResult<T>;
  /**
   * Reads the stream of a run, from its first chunk on, until the run has ended. It goes on through broken connections and restarts of
   * the server; nothing is missed, and nothing comes twice.
   *
   * @param runId - the run
   * @param options - where to begin, and when to end
   * @returns the chunks, for `for await`
   * @throws ApiClientMissingError without a key; and from its loop NotFoundError, AuthenticationError, PermissionDeniedError
   * @example
   * ```ts
   * for await (const token of await tokens.read(handle.id)) process.stdout.write(token);
   * ```
   */
  read(runId: string, options?: ReadStreamOptions<T>): Promise<AsyncIterableStream<T>>;
}

/** The type of the chunks of a stream that was defined. */
export type InferStreamType<TStream> = TStream extends RealtimeDefinedStream<infer T> ? T : unknown;
