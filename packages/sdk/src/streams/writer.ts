import { logger } from "../logger.ts";
import { keptForLater } from "../wait/opened-wait.ts";
import { pipe, type StreamSource } from "./pipe.ts";
import type { PipeStreamResult, WriterStreamOptions } from "./stream-types.ts";

/** @see RealtimeDefinedStream.writer */
export function writer<T>(key: string, { execute, ...options }: WriterStreamOptions<T>): PipeStreamResult<T> {
  const work: Promise<unknown>[] = [];
  let isOpen = true;
  let controller: ReadableStreamDefaultController<T> | undefined;
  const source = new ReadableStream<T>({
    start(opened) {
      controller = opened;
    },
    cancel() {
      isOpen = false;
    },
  });
  /** Says whether it takes more. */
  const put = (chunk: T) => {
    if (isOpen) controller?.enqueue(chunk);
    return isOpen;
  };
  const write = (chunk: T) => void put(chunk);
  const result = pipe(key, source, options, "streams.writer");
  const merge = (stream: StreamSource<T>) => {
    work.push(keptForLater(writeAll(stream, put)));
  };
  const ended = async () => {
    await execute({ write, merge });
    for (const merged of work) await merged; // the loop sees what is merged meanwhile
  };
  let failure: { readonly error: unknown } | null = null;
  const close = () => {
    if (isOpen) controller?.close();
    isOpen = false;
  };
  ended().then(close, (error: unknown) => {
    failure = { error };
    logger.error(`The stream ${key} could not be written to its end`, { reason: String(error) });
    close(); // what was written before is sent
  });
  const waitUntilComplete = async () => {
    const written = await result.waitUntilComplete();
    if (failure !== null) throw failure.error;
    return written;
  };
  return { stream: result.stream, waitUntilComplete };
}

/** Ends the source when the writer takes no more. */
async function writeAll<T>(stream: StreamSource<T>, put: (chunk: T) => boolean): Promise<void> {
  if (Symbol.asyncIterator in stream) {
    for await (const chunk of stream) if (!put(chunk)) return;
    return;
  }
  const reader = (stream as ReadableStream<T>).getReader(); // in a browser whose streams are not iterable
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (!put(value)) return void reader.cancel().catch(() => undefined);
  }
}
