import { callApi } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { streamPath } from "./stream-path.ts";

/** The most chunks of one request, and about as many characters. */
const mostChunks = 1_000;
const mostCharacters = 1_000_000;

interface Waiting {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Where chunks go. */
export interface UploadTarget {
  readonly runId: string;
  readonly key: string;
  readonly requestOptions?: RequestOptions | undefined;
}

/**
 * Sends chunks in their order. One request is under way at a time, and what comes meanwhile makes the next. Chunks are numbered under
 * an id of their writer, so that a request that is repeated adds nothing twice. After a failure nothing more is sent: what follows
 * would stand where something is missing.
 *
 * @example
 * ```ts
 * const upload = new ChunkUpload({ runId: "run_1", key: "tokens" });
 * await upload.add('"hello"');
 * ```
 */
export class ChunkUpload {
  readonly #target: UploadTarget;
  readonly #clientId = crypto.randomUUID();
  #waiting: Waiting[] = [];
  #characters = 0;
  /** How many chunks are stored. */
  #stored = 0;
  #lastEventId: string | undefined;
  #sending: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(target: UploadTarget) {
    this.#target = target;
  }

  /** The place of the last chunk that is stored. */
  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  /** Whether something went wrong, so that it takes no more. */
  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /**
   * Adds a chunk.
   *
   * @param text - its JSON, in one line
   * @returns when it is stored
   * @throws ApiError when the server refuses it, or one before it; ApiConnectionError without an answer
   */
  add(text: string): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    const stored = new Promise<void>((resolve, reject) => this.#waiting.push({ text, resolve, reject }));
    this.#characters += text.length;
    this.#sending ??= this.#sendAll();
    return stored;
  }

  /** Resolves when a source may be read further: what waits is not too much. */
  async room(): Promise<void> {
    while (this.#waiting.length >= mostChunks || this.#characters >= mostCharacters) await this.#sending;
  }

  async #sendAll(): Promise<void> {
    await Promise.resolve(); // with what is added in the same turn
    await this.#sendSome();
    this.#sending = this.#waiting.length === 0 ? null : this.#sendAll();
  }

  async #sendSome(): Promise<void> {
    const chunks = this.#take();
    try {
      const { body } = await callApi({
        method: "POST",
        path: streamPath(this.#target.runId, this.#target.key, "self"),
        body: `${chunks.map(({ text }) => text).join("\n")}\n`,
        contentType: "application/x-ndjson",
        headers: { "x-client-id": this.#clientId, "x-resume-from-chunk": String(this.#stored) },
        options: this.#target.requestOptions,
      });
      this.#stored += chunks.length;
      this.#lastEventId = placeIn(body) ?? this.#lastEventId;
      for (const { resolve } of chunks) resolve();
    } catch (error) {
      this.#failure = { error };
      for (const { reject } of [...chunks, ...this.#waiting.splice(0)]) reject(error);
      this.#characters = 0;
    }
  }

  #take(): readonly Waiting[] {
    let count = 0;
    let characters = 0;
    for (const { text } of this.#waiting) {
      if (count > 0 && (count >= mostChunks || characters + text.length > mostCharacters)) break;
      count++;
      characters += text.length;
    }
    this.#characters -= characters;
    return this.#waiting.splice(0, count);
  }
}

function placeIn(body: unknown): string | undefined {
  const { lastEventId } = (body ?? {}) as { readonly lastEventId?: unknown }; // any object can be read by name
  return typeof lastEventId === "string" ? lastEventId : undefined;
}
