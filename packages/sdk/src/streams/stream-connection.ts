import type { ClientSettings } from "../client/client-settings.ts";
import { requestHeaders } from "../client/request-headers.ts";
import type { Answer } from "../client/transport.ts";
import { EventParser, type ServerEvent } from "./event-parser.ts";

/** A server that says nothing for so long is asked again, in milliseconds; it sends a sign of life every 15 s. */
const silenceMs = 45_000;

/** What a reader asks for. */
export interface StreamRequest {
  /** Path of the route, from its leading slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came of asking. */
export type StreamOutcome =
  | { readonly kind: "open"; readonly connection: StreamConnection }
  | { readonly kind: "refused"; readonly answer: Answer }
  | { readonly kind: "unreachable"; readonly isRefused: boolean };

/** What came next on a connection. */
export type NextEvents =
  | { readonly kind: "events"; readonly events: readonly ServerEvent[] }
  /** The server has said that there is nothing more. */
  | { readonly kind: "end" }
  | { readonly kind: "broken" };

/**
 * Begins to read a stream.
 *
 * @param settings - where, and with which key
 * @param request - what to read
 * @param signal - ends it when it fires
 * @returns the connection, or why there is none
 * @example
 * ```ts
 * await openStream(clientSettings(), { path: "/realtime/v1/streams/run_1/tokens", headers: {} }, signal);
 * ```
 */
export async function openStream(
  settings: ClientSettings,
  { path, headers }: StreamRequest,
  signal: AbortSignal,
): Promise<StreamOutcome> {
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const release = () => signal.removeEventListener("abort", end);
  const silence = new SilenceAlarm(end);
  const allHeaders = { ...requestHeaders(settings), accept: "text/event-stream", ...headers };
  try {
    const response = await fetch(settings.baseUrl + path, { headers: allHeaders, signal: ending.signal });
    if (response.ok && response.body !== null) {
      return { kind: "open", connection: new StreamConnection(response.body, { silence, end, release }) };
    }
    const text = await response.text();
    silence.stop();
    release();
    return {
      kind: "refused",
      answer: { status: response.status, headers: Object.fromEntries(response.headers), text },
    };
  } catch (error) {
    silence.stop();
    release();
    if (!isOfFetch(error)) throw error;
    return { kind: "unreachable", isRefused: codeOf(error) === "ECONNREFUSED" };
  }
}

/** Rings when nothing has come for long. */
class SilenceAlarm {
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout>;

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence;
    this.#timer = setTimeout(onSilence, silenceMs);
  }

  put(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onSilence, silenceMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** An answer that goes on for as long as there are events. */
export class StreamConnection {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #parser = new EventParser();
  readonly #decoder = new TextDecoder();
  readonly #life: { readonly silence: SilenceAlarm; readonly end: () => void; readonly release: () => void };

  constructor(
    body: ReadableStream<Uint8Array>,
    life: { readonly silence: SilenceAlarm; readonly end: () => void; readonly release: () => void },
  ) {
    this.#reader = body.getReader();
    this.#life = life;
  }

  /** Waits for the next events. A connection that ends by the server's word is no broken one. */
  async next(): Promise<NextEvents> {
    for (;;) {
      let piece: Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>>;
      try {
        piece = await this.#reader.read();
      } catch {
        this.close();
        return { kind: "broken" };
      }
      if (piece.done) {
        this.close();
        return { kind: "end" };
      }
      this.#life.silence.put();
      const events = this.#parser.push(this.#decoder.decode(piece.value, { stream: true }));
      if (events.length > 0) return { kind: "events", events };
    }
  }

  /** Ends it; safe twice. */
  close(): void {
    this.#life.silence.stop();
    this.#life.release();
    this.#life.end();
  }
}

/** `fetch` rejects with a TypeError when there is no answer, and with an AbortError; a wrong key is neither. */
function isOfFetch(error: unknown): error is Error {
  return error instanceof TypeError || (error instanceof Error && error.name === "AbortError");
}

function codeOf(error: Error): unknown {
  const { cause } = error;
  return typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
}
