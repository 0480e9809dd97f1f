import { keptForLater } from "../wait/opened-wait.ts";
import { chunkText } from "./chunk-text.ts";
import { ChunkUpload } from "./chunk-upload.ts";
import { iterableStream, withIterator } from "./iterable-stream.ts";
import { runUploads } from "./run-uploads.ts";
import { checkedStreamKey } from "./stream-path.ts";
import { resolveTarget } from "./stream-target.ts";
import type { AppendStreamOptions, PipeStreamOptions, PipeStreamResult, StreamWriteResult } from "./stream-types.ts";

/** A source of chunks. */
export type StreamSource<T> = AsyncIterable<T> | ReadableStream<T>;

/** @see RealtimeDefinedStream.pipe */
export function pipe<T>(
  key: string,
  source: StreamSource<T>,
  options: PipeStreamOptions = {},
  callName = "streams.pipe",
): PipeStreamResult<T> {
  checkedStreamKey(key);
  const { runId, run } = resolveTarget(callName, options.target);
  const origin = streamOf(source, callName).getReader();
  const stop = () => void origin.cancel().catch(() => undefined); // both branches end, however slowly the source does
  const [sent, given] = iterableStream<T>({ next: () => origin.read() }, stop).tee();
  const upload = new ChunkUpload({ runId, key, requestOptions: options.requestOptions });
  const reader = sent.getReader();
  const signals = [options.signal, run?.signal].filter((signal) => signal !== undefined); // a run that is cancelled reads no further
  for (const signal of signals) signal.addEventListener("abort", stop, { once: true });
  if (signals.some(({ aborted }) => aborted)) stop();
  const done = keptForLater(
    pump(key, reader, upload).finally(() => {
      for (const signal of signals) signal.removeEventListener("abort", stop);
    }),
  );
  runUploads(run)?.keep(key, done, stop);
  return { stream: withIterator(given), waitUntilComplete: () => done };
}

function streamOf<T>(source: StreamSource<T>, callName: string): ReadableStream<T> {
  if (source instanceof ReadableStream) return source;
  const isIterable = typeof source === "object" && source !== null && Symbol.asyncIterator in source;
  if (!isIterable) throw new TypeError(`${callName} needs a ReadableStream or an async iterable.`);
  return iterableStream(source[Symbol.asyncIterator]());
}

async function pump<T>(
  key: string,
  reader: ReadableStreamDefaultReader<T>,
  upload: ChunkUpload,
): Promise<StreamWriteResult> {
  let last = Promise.resolve();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      last = keptForLater(upload.add(chunkText(key, value)));
      await upload.room();
      if (upload.hasFailed) break;
    }
  } catch (error) {
    await last.catch(() => undefined); // what came before is stored
    throw error;
  } finally {
    if (upload.hasFailed) void reader.cancel().catch(() => undefined);
  }
  await last;
  return upload.lastEventId === undefined ? {} : { lastEventId: upload.lastEventId };
}

/** @see RealtimeDefinedStream.append */
export async function append(key: string, chunk: unknown, options: AppendStreamOptions = {}): Promise<void> {
  checkedStreamKey(key);
  const { runId, run } = resolveTarget("streams.append", options.target);
  const { requestOptions } = options;
  const shared = requestOptions === undefined ? runUploads(run)?.appends(runId, key) : undefined;
  await (shared ?? new ChunkUpload({ runId, key, requestOptions })).add(chunkText(key, chunk));
}
