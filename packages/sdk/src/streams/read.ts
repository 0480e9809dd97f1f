import { type ClientSettings, clientSettings } from "../client/client-settings.ts";
import { badRequest } from "../errors/bad-request.ts";
import { iterableStream } from "./iterable-stream.ts";
import { type StreamReading, streamParts } from "./stream-parts.ts";
import { streamPath } from "./stream-path.ts";
import type { AsyncIterableStream, ReadStreamOptions, StreamPart } from "./stream-types.ts";

const defaultTimeoutS = 60;

/** @see RealtimeDefinedStream.read */
export async function read<T>(
  runId: string,
  key: string,
  options: ReadStreamOptions<T> = {},
): Promise<AsyncIterableStream<T>> {
  return open(readingOf(runId, key, options), options);
}

/**
 * Reads a stream until its run has ended, however long nothing comes.
 *
 * @param runId - the run
 * @param key - the key of the stream
 * @param options - as for `streams.read`, without a timeout
 * @returns the chunks
 * @throws BadRequestError when an option can't be right
 * @example
 * ```ts
 * for await (const chunk of await readToEnd("run_…", "tokens", { signal })) show(chunk);
 * ```
 */
export async function readToEnd<T>(
  runId: string,
  key: string,
  options: Omit<ReadStreamOptions<T>, "timeoutInSeconds"> = {},
): Promise<AsyncIterableStream<T>> {
  return open({ ...readingOf(runId, key, options), timeoutInSeconds: null }, options);
}

function open<T>(reading: StreamReading, options: ReadStreamOptions<T>): AsyncIterableStream<T> {
  const settings = clientSettings(options.clientConfig); // the key is that of the call, wherever the loop is
  const ending = new AbortController();
  const end = () => ending.abort();
  options.signal?.addEventListener("abort", end, { once: true });
  if (options.signal?.aborted === true) end();
  const chunks = chunksOf<T>(settings, reading, { signal: ending.signal, onPart: options.onPart });
  const released = releasing(chunks, () => options.signal?.removeEventListener("abort", end));
  return iterableStream(released, end);
}

function readingOf<T>(runId: string, key: string, options: ReadStreamOptions<T>): StreamReading {
  const { timeoutInSeconds = defaultTimeoutS, startIndex, lastEventId, from = "beginning" } = options;
  if (!(timeoutInSeconds >= 1 && timeoutInSeconds <= 600)) {
    throw badRequest("timeoutInSeconds", "The option timeoutInSeconds must be a number from 1 to 600.");
  }
  if (startIndex !== undefined && !(Number.isSafeInteger(startIndex) && startIndex >= 0)) {
    throw badRequest("startIndex", "The option startIndex must be a whole number from 0.");
  }
  const before = startIndex === undefined || startIndex === 0 ? null : String(startIndex - 1);
  return {
    path: streamPath(runId, key),
    lastEventId: lastEventId ?? before,
    isFromLatest: from === "latest" && startIndex === undefined,
    timeoutInSeconds,
  };
}

interface Reader<T> {
  readonly signal: AbortSignal;
  readonly onPart: ((part: StreamPart<T>) => void) | undefined;
}

async function* chunksOf<T>(
  settings: ClientSettings,
  reading: StreamReading,
  { signal, onPart }: Reader<T>,
): AsyncGenerator<T, undefined> {
  for await (const parts of streamParts(settings, reading, signal)) {
    for (const part of parts as readonly StreamPart<T>[]) {
      // Of the type that the caller says.
      if (signal.aborted) return;
      onPart?.(part);
      yield part.chunk;
    }
  }
}

async function* releasing<T>(values: AsyncGenerator<T, undefined>, release: () => void): AsyncGenerator<T, undefined> {
  try {
    yield* values;
  } finally {
    release();
  }
}
