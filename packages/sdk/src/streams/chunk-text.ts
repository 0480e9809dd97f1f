import { pathToLost } from "@pawl/contract/lost-values";
import { PayloadError } from "../errors/task-error.ts";

/** The longest chunk, in bytes of its JSON. */
const maxChunkBytes = 1024 * 1024;

/**
 * Writes a chunk as JSON.
 *
 * @param key - its stream, for messages
 * @param chunk - the value
 * @returns the text, in one line
 * @throws PayloadError when it has more than 1 MB, JSON can't write it, or something in it would be lost
 * @example
 * ```ts
 * chunkText("tokens", "hello"); // '"hello"'
 * ```
 */
export function chunkText(key: string, chunk: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(chunk);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PayloadError(`A chunk for the stream ${key} can't be written as JSON: ${reason}`, { cause });
  }
  const lost = pathToLost(chunk);
  if (text === undefined || lost !== null) {
    const place = lost === null || lost.path === "" ? "is" : `has at ${lost.path}`;
    throw new PayloadError(
      `A chunk for the stream ${key} ${place} ${lost?.kind ?? `a ${typeof chunk}`}, which JSON can't carry.`,
    );
  }
  const bytes = text.length * 3 <= maxChunkBytes ? text.length : new TextEncoder().encode(text).length;
  if (bytes <= maxChunkBytes) return text;
  throw new PayloadError(
    `A chunk for the stream ${key} has ${(bytes / 1024 / 1024).toFixed(1)} MB; at most 1 MB can be sent. Split it.`,
  );
}
