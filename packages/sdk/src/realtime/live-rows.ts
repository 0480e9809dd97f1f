import { type ClientSettings, clientSettings } from "../client/client-settings.ts";
import { movedDevServer } from "../client/moved-dev-server.ts";
import { delayBeforeReading, pause } from "../client/patience.ts";
import type { Answer } from "../client/transport.ts";
import { ApiSchemaValidationError } from "../errors/api-error.ts";
import { askLive, type LiveOutcome, type LivePosition, type LiveTarget } from "./live-request.ts";

// The protocol is that of Electric's shapes: everything first, then one request after the other that waits for what is next.

/** A run as live answers carry it; the fields are columns. */
export type LiveRow = Readonly<Record<string, unknown>> & { readonly friendlyId: string; readonly status: string };

/** The server follows half as many for one reader: what was told of earlier ones is not needed any more. */
const mostFollowed = 2_000;

/** These change only together with others, and can be long. */
const longColumns = new Set(["payload", "output", "error"]);

/**
 * Follows runs: gives each as it stands, and again whenever anything of it has changed. A broken connection and a server that fails
 * are asked again, after 100 ms to 10 s; what has changed meanwhile is given then, and nothing twice.
 *
 * @param target - what is followed
 * @param signal - ends it when it fires
 * @param start - where to begin; default: where calls go
 * @returns the rows; it ends when the signal has fired, and not by itself
 * @throws the ApiError of a refusal: NotFoundError, PermissionDeniedError, AuthenticationError, BadRequestError; an
 * ApiSchemaValidationError when another server answers
 * @example
 * ```ts
 * for await (const row of liveRows({ path: "/realtime/v1/runs/run_1", query: {} }, signal)) console.log(row.status);
 * ```
 */
export async function* liveRows(
  target: LiveTarget,
  signal: AbortSignal,
  start: ClientSettings = clientSettings(),
): AsyncGenerator<LiveRow, undefined> {
  const told = new Map<string, string>();
  const reader = new LiveReader(target, start);
  while (!signal.aborted) {
    for (const row of await reader.read(signal)) if (isNews(row, told)) yield row;
  }
}

/** Where a reader stands. */
class LiveReader {
  readonly #target: LiveTarget;
  #settings: ClientSettings;
  #position: LivePosition | null = null;
  #failures = 0;

  constructor(target: LiveTarget, settings: ClientSettings) {
    this.#target = target;
    this.#settings = settings;
  }

  /** Asks once, and after a failure waits until it may be asked again. */
  async read(signal: AbortSignal): Promise<readonly LiveRow[]> {
    const outcome = await askLive(this.#settings, this.#target, this.#position, signal);
    if (signal.aborted) return [];
    if (outcome.kind === "answered" && outcome.answer.status === 200) {
      this.#failures = 0;
      this.#position = positionIn(outcome.answer);
      return rowsIn(outcome.answer);
    }
    if (!this.#canBeginAnew(outcome)) {
      const answer = outcome.kind === "answered" ? outcome.answer : null;
      await pause(delayBeforeReading(++this.#failures, answer), signal);
    }
    return [];
  }

  /** A server that does not know what was read, or another one, is asked for everything, at once. */
  #canBeginAnew(outcome: LiveOutcome): boolean {
    const moved = isSuspect(outcome) ? movedDevServer(this.#settings) : null;
    if (moved !== null) this.#settings = moved;
    const isUnknown = outcome.kind === "answered" && outcome.answer.status === 409 && this.#position !== null;
    if (moved === null && !isUnknown) return false;
    this.#position = null;
    return true;
  }
}

function isSuspect(outcome: LiveOutcome): boolean {
  return outcome.kind === "answered" ? outcome.answer.status === 401 : outcome.isRefused;
}

/** Without these headers the next question can't be asked. */
function positionIn(answer: Answer): LivePosition {
  const { "electric-handle": handle, "electric-offset": offset, "electric-cursor": cursor } = answer.headers;
  if (handle === undefined || offset === undefined) throw notLive(answer);
  return { handle, offset, cursor };
}

function rowsIn(answer: Answer): readonly LiveRow[] {
  const messages = parsed(answer);
  if (!Array.isArray(messages)) throw notLive(answer);
  return messages.flatMap((message: unknown) => {
    if (typeof message !== "object" || message === null || !("value" in message)) return []; // that all is told, say
    if (!isRow(message.value)) throw notLive(answer);
    return [message.value];
  });
}

function parsed(answer: Answer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    throw notLive(answer);
  }
}

function isRow(value: unknown): value is LiveRow {
  if (typeof value !== "object" || value === null || !("friendlyId" in value) || !("status" in value)) return false;
  return typeof value.friendlyId === "string" && typeof value.status === "string";
}

function notLive({ headers, text, status }: Answer): ApiSchemaValidationError {
  const message = "The answer is none to a live reader. Is TRIGGER_API_URL the URL of a Pawl server?";
  return new ApiSchemaValidationError(status, { headers, body: text, message });
}

/** After a beginning anew the same is told again. */
function isNews(row: LiveRow, told: Map<string, string>): boolean {
  const text = JSON.stringify(Object.entries(row).filter(([column]) => !longColumns.has(column)));
  const isTold = told.get(row.friendlyId) === text;
  told.delete(row.friendlyId); // the one that was told last stands last
  told.set(row.friendlyId, text);
  const [oldest] = told.keys();
  if (told.size > mostFollowed && oldest !== undefined) told.delete(oldest);
  return !isTold;
}
