import type { ClientSettings } from "../client/client-settings.ts";
import { requestHeaders } from "../client/request-headers.ts";
import type { Answer } from "../client/transport.ts";

/** A request that is not answered for so long is asked again, in milliseconds; the server holds one for 20 s. */
const answerTimeoutMs = 60_000;

/** What a live reader has read last, in the server's words. */
export interface LivePosition {
  readonly handle: string;
  readonly offset: string;
  readonly cursor: string | undefined;
}

/** What is followed. */
export interface LiveTarget {
  /** Path of the route, from its leading slash. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** What came of asking once. */
export type LiveOutcome =
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "unreachable"; readonly isRefused: boolean };

/**
 * Asks once: without a position for everything as it stands, with one for what has changed since, for which the server waits.
 *
 * @param settings - where, and with which key
 * @param target - what is followed
 * @param position - what was read last; null: nothing
 * @param signal - ends the request when it fires
 * @returns the answer, whatever its status, or that there was none
 * @example
 * ```ts
 * await askLive(clientSettings(), { path: "/realtime/v1/runs/run_1", query: {} }, null, signal);
 * ```
 */
export async function askLive(
  settings: ClientSettings,
  target: LiveTarget,
  position: LivePosition | null,
  signal: AbortSignal,
): Promise<LiveOutcome> {
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, answerTimeoutMs);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const query = new URLSearchParams({ ...target.query, ...queryOf(position) });
  query.sort(); // the published clients do so, for caches between
  try {
    const url = `${settings.baseUrl}${target.path}?${query}`;
    const response = await fetch(url, { headers: requestHeaders(settings), signal: ending.signal });
    const { status, headers } = response;
    const text = await response.text();
    return { kind: "answered", answer: { status, headers: Object.fromEntries(headers), text } };
  } catch (error) {
    if (!isOfFetch(error)) throw error;
    return { kind: "unreachable", isRefused: codeOf(error) === "ECONNREFUSED" };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

function queryOf(position: LivePosition | null): Readonly<Record<string, string>> {
  if (position === null) return { log: "full", offset: "-1" };
  const { handle, offset, cursor } = position;
  return { log: "full", handle, offset, live: "true", ...(cursor === undefined ? {} : { cursor }) };
}

/** `fetch` rejects with a TypeError when there is no answer, and with an AbortError; a wrong key is neither. */
function isOfFetch(error: unknown): error is Error {
  return error instanceof TypeError || (error instanceof Error && error.name === "AbortError");
}

function codeOf(error: Error): unknown {
  const { cause } = error;
  return typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
}
