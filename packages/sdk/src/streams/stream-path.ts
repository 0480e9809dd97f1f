import { badRequest } from "../errors/bad-request.ts";

/** The key of a stream that has none. */
export const defaultStreamKey = "default";

const longestKey = 128;

/**
 * Makes the path of a stream of a run.
 *
 * @param runId - the run
 * @param key - the stream
 * @param way - `input` for what is sent to the run, `self` for writing what comes from it; absent: for reading that
 * @returns the path, from its leading slash
 * @throws BadRequestError when the run or the key is no text, or the key is too long
 * @example
 * ```ts
 * streamPath("run_1", "tokens"); // "/realtime/v1/streams/run_1/tokens"
 * ```
 */
export function streamPath(runId: string, key: string, way?: "self" | "input"): string {
  if (typeof runId !== "string" || runId === "") {
    throw badRequest("runId", "A stream is one of a run: give the id of the run, run_….");
  }
  const id = encodeURIComponent(checkedStreamKey(key));
  return `/realtime/v1/streams/${encodeURIComponent(runId)}/${way === undefined ? "" : `${way}/`}${id}`;
}

/**
 * Checks the key of a stream.
 *
 * @param key - the key
 * @returns the same key
 * @throws BadRequestError when it is no text of 1 to 128 characters
 * @example
 * ```ts
 * checkedStreamKey("tokens"); // "tokens"
 * ```
 */
export function checkedStreamKey(key: string): string {
  if (typeof key === "string" && key.length >= 1 && key.length <= longestKey && !key.includes("\0")) return key;
  throw badRequest("streamId", `The id of a stream must be a text of 1 to ${longestKey} characters.`);
}
