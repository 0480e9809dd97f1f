import { clientSettings } from "../client/client-settings.ts";
import { pause } from "../client/patience.ts";
import { logger } from "../logger.ts";
import { type ActiveRun, runtime } from "../runtime.ts";
import { waitingRun } from "../wait/opened-wait.ts";
import { streamParts } from "./stream-parts.ts";
import { streamPath } from "./stream-path.ts";
import { TakenNumbers } from "./taken-numbers.ts";

const localsKey = "pawl.inputs";
const longestReadS = 600;
const pauseMs = 1_000;

/** Called with a record. */
type Handler = (data: unknown) => unknown;

/** Who waits in place for a record. */
interface Taker {
  readonly onRecord: (data: unknown) => void;
  /** The stream can't be read. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * What comes to one input stream of a run, as one attempt of it sees that. Records are read from the server once code asks for them,
 * and as long as the attempt goes on.
 */
export class RunInput {
  readonly numbers = new TakenNumbers();
  readonly #path: string;
  readonly #handlers = new Set<Handler>();
  readonly #takers = new Map<number, Taker>();
  /** Come, and nobody has taken them. */
  readonly #kept = new Map<number, unknown>();
  #reading: AbortController | null = null;
  #lastEventId: string | null = null;

  constructor(runId: string, key: string) {
    this.#path = streamPath(runId, key, "input");
  }

  /** Adds a handler, which gets what nobody has taken at once. */
  add(handler: Handler): void {
    this.#read();
    this.#handlers.add(handler);
    for (const [number, data] of [...this.#kept]) {
      this.#kept.delete(number);
      this.numbers.settle(number);
      call(handler, data);
    }
  }

  remove(handler: Handler): void {
    this.#handlers.delete(handler);
  }

  /** The first record that has come and that nobody has taken. */
  get first(): unknown {
    this.#read();
    return this.#kept.get(this.numbers.next);
  }

  /**
   * Takes the next record.
   *
   * @param taker - told of it, perhaps at once
   * @returns takes the wish back
   */
  take(taker: Taker): () => void {
    const number = this.numbers.takeNext();
    if (this.#kept.has(number)) {
      const data = this.#kept.get(number);
      this.#kept.delete(number);
      this.numbers.settle(number);
      taker.onRecord(data);
      return () => {};
    }
    this.#read();
    this.#takers.set(number, taker);
    return () => {
      if (this.#takers.delete(number)) this.numbers.giveBack(number);
    };
  }

  /** The record of this number was taken in another way. */
  settle(number: number): void {
    this.numbers.settle(number);
    this.#kept.delete(number);
  }

  /** Ends it with the attempt. */
  end(): void {
    this.#reading?.abort();
    this.#handlers.clear();
    this.#takers.clear();
  }

  #read(): void {
    if (this.#reading !== null) return;
    const reading = new AbortController();
    this.#reading = reading;
    this.#readAll(reading.signal).catch((error: unknown) => {
      this.#reading = null; // the next call tries again
      if (reading.signal.aborted) return;
      for (const [number, taker] of this.#takers) {
        this.numbers.giveBack(number);
        taker.onFailure(error);
      }
      this.#takers.clear();
      logger.error("An input stream could not be read", { path: this.#path, reason: String(error) });
    });
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const settings = clientSettings();
    while (!signal.aborted) {
      const reading = {
        path: this.#path,
        lastEventId: this.#lastEventId,
        isFromLatest: false,
        timeoutInSeconds: longestReadS,
      };
      for await (const parts of streamParts(settings, reading, signal)) {
        for (const { id, index, chunk } of parts) {
          this.#lastEventId = id;
          this.#arrive(index, chunk);
        }
      }
      await pause(pauseMs, signal); // it ended since nothing came for long
    }
  }

  #arrive(number: number, data: unknown): void {
    const taker = this.#takers.get(number);
    this.#takers.delete(number);
    const isTaken = taker !== undefined || this.numbers.has(number);
    if (taker !== undefined || (!isTaken && this.#handlers.size > 0)) this.numbers.settle(number);
    if (!isTaken && this.#handlers.size === 0) this.#kept.set(number, data);
    taker?.onRecord(data);
    for (const handler of this.#handlers) call(handler, data);
  }
}

function call(handler: Handler, data: unknown): void {
  const tell = (thrown: unknown) => logger.error("A handler of an input stream threw", { reason: String(thrown) });
  try {
    Promise.resolve(handler(data)).catch(tell);
  } catch (thrown) {
    tell(thrown);
  }
}

/**
 * Finds what comes to an input stream of the run that the code belongs to; made at its first use.
 *
 * @param callName - the call, for messages
 * @param key - the stream
 * @returns the run and its input
 * @throws RunContextError outside of a run
 * @example
 * ```ts
 * const { input } = runInput("on", "approval");
 * ```
 */
export function runInput(callName: string, key: string): { readonly run: ActiveRun; readonly input: RunInput } {
  const run = waitingRun(callName);
  const cell = runtime().context?.getStore();
  if (cell === undefined) throw new Error("unreachable: a run has a cell");
  cell.locals ??= new Map();
  let inputs = cell.locals.get(localsKey) as Map<string, RunInput> | undefined; // kept below
  if (inputs === undefined) {
    const opened = new Map<string, RunInput>();
    inputs = opened;
    cell.locals.set(localsKey, opened);
    cell.atEnd ??= [];
    cell.atEnd.push(async () => {
      for (const input of opened.values()) input.end();
    });
  }
  const known = inputs.get(key);
  if (known !== undefined) return { run, input: known };
  const input = new RunInput(run.runId, key);
  inputs.set(key, input);
  return { run, input };
}
