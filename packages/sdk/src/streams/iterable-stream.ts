import type { AsyncIterableStream } from "./stream-types.ts";

/**
 * Makes a stream of what a generator gives. Nothing is asked of it before somebody reads, and nothing is read ahead.
 *
 * @param values - the generator; it is ended when the reader cancels
 * @param onCancel - called before that, to end what the generator waits for
 * @returns the stream, which can also be read with `for await` where streams can't
 * @example
 * ```ts
 * for await (const value of iterableStream(values)) console.log(value);
 * ```
 */
export function iterableStream<T>(values: AsyncIterator<T, unknown>, onCancel?: () => void): AsyncIterableStream<T> {
  const stream = new ReadableStream<T>(
    {
      async pull(controller) {
        const next = await values.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        onCancel?.();
        await values.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return withIterator(stream);
}

/**
 * Lets a stream be read with `for await` in browsers whose streams can't.
 *
 * @param stream - the stream
 * @returns the same stream
 * @example
 * ```ts
 * for await (const value of withIterator(response.body)) console.log(value);
 * ```
 */
export function withIterator<T>(stream: ReadableStream<T>): AsyncIterableStream<T> {
  if (Symbol.asyncIterator in stream) return stream as AsyncIterableStream<T>; // seen in this line
  return Object.assign(stream as ReadableStream<T>, {
    async *[Symbol.asyncIterator]() {
      const reader = (stream as ReadableStream<T>).getReader();
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          yield value;
        }
      } finally {
        await reader.cancel();
        reader.releaseLock();
      }
    },
  });
}
