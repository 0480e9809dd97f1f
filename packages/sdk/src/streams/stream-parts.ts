import type { ClientSettings } from "../client/client-settings.ts";
import { movedDevServer } from "../client/moved-dev-server.ts";
import { delayBeforeReading, pause } from "../client/patience.ts";
import { ApiSchemaValidationError } from "../errors/api-error.ts";
import type { ServerEvent } from "./event-parser.ts";
import { openStream, type StreamConnection, type StreamOutcome } from "./stream-connection.ts";
import type { StreamPart } from "./stream-types.ts";

/** A stream to read, and from where. */
export interface StreamReading {
  /** Path of the route, from its leading slash. */
  readonly path: string;
  /** The place of the last chunk that is known; null: none. */
  readonly lastEventId: string | null;
  /** Whether to leave out what is there. */
  readonly isFromLatest: boolean;
  /** After how many seconds without a chunk it ends; null: when the run has ended. */
  readonly timeoutInSeconds: number | null;
}

/**
 * Reads a stream with the place of each chunk. A broken connection and a server that fails are asked again, after 100 ms to 10 s, for
 * what follows the last chunk.
 *
 * @param settings - where, and with which key
 * @param reading - the stream, and from where
 * @param signal - ends it when it fires
 * @returns the chunks in arrays, as they come; it ends when the server says so, or the signal has fired
 * @throws the ApiError of a refusal: NotFoundError, PermissionDeniedError, AuthenticationError, BadRequestError; an
 * ApiSchemaValidationError when another server answers
 * @example
 * ```ts
 * for await (const parts of streamParts(clientSettings(), reading, signal)) console.log(parts.length);
 * ```
 */
export async function* streamParts(
  settings: ClientSettings,
  reading: StreamReading,
  signal: AbortSignal,
): AsyncGenerator<readonly StreamPart<unknown>[], undefined> {
  const reader = new PartReader(settings, reading);
  try {
    for (;;) {
      const parts = await reader.next(signal);
      if (parts === null) return;
      if (parts.length > 0) yield parts;
    }
  } finally {
    reader.close();
  }
}

/** Where a reader stands. */
class PartReader {
  readonly #reading: StreamReading;
  #settings: ClientSettings;
  #lastEventId: string | null;
  #connection: StreamConnection | null = null;
  #failures = 0;

  constructor(settings: ClientSettings, reading: StreamReading) {
    this.#settings = settings;
    this.#reading = reading;
    this.#lastEventId = reading.lastEventId;
  }

  /** The next chunks; null: there is nothing more. */
  async next(signal: AbortSignal): Promise<readonly StreamPart<unknown>[] | null> {
    if (signal.aborted) return null;
    this.#connection ??= await this.#connect(signal);
    if (this.#connection === null) return signal.aborted ? null : [];
    const next = await this.#connection.next();
    if (signal.aborted || next.kind === "end") return null;
    if (next.kind === "broken") {
      this.#connection = null;
      await pause(delayBeforeReading(++this.#failures, null), signal);
      return [];
    }
    this.#failures = 0;
    return next.events.flatMap((event) => this.#partsIn(event));
  }

  close(): void {
    this.#connection?.close();
  }

  /** Asks once, and after a failure waits until it may be asked again. */
  async #connect(signal: AbortSignal): Promise<StreamConnection | null> {
    const outcome = await openStream(this.#settings, { path: this.#reading.path, headers: this.#headers() }, signal);
    if (outcome.kind === "open") return outcome.connection;
    if (signal.aborted) return null;
    const moved = isSuspect(outcome) ? movedDevServer(this.#settings) : null;
    if (moved !== null) this.#settings = moved;
    else await pause(delayBeforeReading(++this.#failures, outcome.kind === "refused" ? outcome.answer : null), signal);
    return null;
  }

  #headers(): Readonly<Record<string, string>> {
    const { timeoutInSeconds, isFromLatest } = this.#reading;
    return {
      ...(timeoutInSeconds === null ? {} : { "timeout-seconds": String(timeoutInSeconds) }),
      ...(this.#lastEventId === null ? {} : { "last-event-id": this.#lastEventId }),
      ...(isFromLatest && this.#lastEventId === null ? { "x-trigger-stream-start": "latest" } : {}),
    };
  }

  /** A reader of what comes is told where it stands, so that it misses nothing when its connection breaks before. */
  #partsIn({ name, data }: ServerEvent): readonly StreamPart<unknown>[] {
    if (name !== "batch") return [];
    const records = recordsIn(data);
    const last = records.at(-1);
    if (last !== undefined) this.#lastEventId = String(last.seq_num);
    return records.flatMap(({ seq_num, timestamp, body }) => {
      if (body === "") return [];
      const { data: chunk } = JSON.parse(body) as { readonly data?: unknown }; // as the protocol has it
      return [{ id: String(seq_num), index: seq_num, chunk, timestamp }];
    });
  }
}

interface WireRecord {
  readonly seq_num: number;
  readonly timestamp: number;
  readonly body: string;
}

function recordsIn(data: string): readonly WireRecord[] {
  try {
    const { records } = JSON.parse(data) as { readonly records?: readonly WireRecord[] }; // checked in the next line
    if (Array.isArray(records)) return records;
  } catch {
    // told below
  }
  const message = "The answer is none to a reader of a stream. Is TRIGGER_API_URL the URL of a Pawl server?";
  throw new ApiSchemaValidationError(200, { headers: {}, body: data, message });
}

function isSuspect(outcome: Exclude<StreamOutcome, { kind: "open" }>): boolean {
  return outcome.kind === "refused" ? outcome.answer.status === 401 : outcome.isRefused;
}
