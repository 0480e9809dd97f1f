import { read } from "../streams/read.ts";
import type { AsyncIterableStream, ReadStreamOptions } from "../streams/stream-types.ts";

/**
 * Reads a stream of a run; the same as `streams.read`.
 *
 * @param runId - the run
 * @param key - of the stream
 * @param options - where it begins, and when it ends
 * @returns the chunks, those that are there and those that come
 * @throws BadRequestError when an option can't be right; what the server refuses is thrown while it is read
 * @example
 * ```ts
 * for await (const token of await runs.fetchStream<string>(handle.id, "tokens")) show(token);
 * ```
 */
export function fetchStream<T = unknown>(
  runId: string,
  key: string,
  options?: ReadStreamOptions<T>,
): Promise<AsyncIterableStream<T>> {
  return read<T>(runId, key, options);
}
