import type { StreamReader, StreamRecord, StreamRef } from "../engine/stream-ports.ts";
import { RunEnds } from "./run-ends.ts";
import { StreamFeed } from "./stream-feed.ts";

/** Who reads a stream, and how. */
export interface StreamReading {
  readonly ref: StreamRef;
  /** The last chunk that he has; -1: none. */
  readonly afterSeq: number;
  /** After how long without a chunk the reading ends, in milliseconds; null: when the run has ended. */
  readonly idleMs: number | null;
  /** How often a sign of life is given, and the store is looked into, while there is nothing else, in milliseconds. */
  readonly aliveEveryMs: number;
  /** Fires when the reader has gone. */
  readonly signal: AbortSignal;
}

/** What a reading gives: chunks, or a sign of life. */
export type StreamNews = readonly StreamRecord[] | "alive";

/** The server closes: its readers are to come again, to this one or another. */
export class StreamsClosed extends Error {
  override readonly name = "StreamsClosed";
}

interface OpenFeed {
  readonly feed: StreamFeed;
  readers: number;
}

/** The streams that somebody reads on this server. */
export class Streams {
  readonly #reader: StreamReader;
  readonly #ends: RunEnds;
  readonly #feeds = new Map<string, OpenFeed>();
  readonly #closing = new AbortController();

  constructor(reader: StreamReader) {
    this.#reader = reader;
    this.#ends = new RunEnds(reader);
  }

  /** Fires when the server closes: writers are to come again, too. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** How many chunks a stream has. */
  count(ref: StreamRef): Promise<number> {
    return this.#reader.count(ref);
  }

  /** How many chunks of a writer are stored. */
  writtenBy(ref: StreamRef, clientId: string): Promise<number> {
    return this.#reader.writtenBy(ref, clientId);
  }

  /** Chunks were added through this server, and are durable. */
  tell(ref: StreamRef, records: readonly StreamRecord[]): void {
    this.#feeds.get(nameOf(ref))?.feed.tell(records);
  }

  /** Another server has added chunks to streams of a run; null: perhaps to any. */
  hear(runId: string | null): void {
    for (const [name, { feed }] of this.#feeds) if (runId === null || name.includes(runId)) feed.hear();
  }

  /** Ends all readings with {@link StreamsClosed}. */
  close(): void {
    this.#closing.abort();
  }

  /**
   * Reads a stream: what there is, then what comes. It ends when the run has ended and all its chunks are given, or when nothing has
   * come for long.
   *
   * @param reading - what is read, and from where
   * @returns the chunks in arrays, as they come
   * @throws StreamsClosed when the server closes; what the store throws
   */
  async *read(reading: StreamReading): AsyncGenerator<StreamNews, undefined> {
    const { ref } = reading;
    const opened = this.#open(ref);
    const alarm = new Alarm([reading.signal, this.#closing.signal]);
    const unfollow = this.#ends.follow(ref.environmentId, ref.runId, () => alarm.end());
    try {
      yield* this.#follow(reading, opened, alarm);
    } finally {
      unfollow();
      alarm.stop();
      this.#release(ref, opened);
    }
  }

  async *#follow(
    { afterSeq, idleMs, aliveEveryMs, signal }: StreamReading,
    { feed }: OpenFeed,
    alarm: Alarm,
  ): AsyncGenerator<StreamNews, undefined> {
    const place = new Place(feed, afterSeq);
    let idleSinceMs = performance.now();
    for (;;) {
      if (signal.aborted) return;
      if (this.#closing.signal.aborted) throw new StreamsClosed("The server closes");
      const { hasEnded } = alarm;
      const records = await place.next(hasEnded);
      if (records.length > 0) {
        idleSinceMs = performance.now();
        yield records;
        continue;
      }
      const idleLeftMs = idleMs === null ? Number.POSITIVE_INFINITY : idleSinceMs + idleMs - performance.now();
      if (hasEnded || idleLeftMs <= 0) return;
      const isQuiet = await alarm.wait(Math.min(idleLeftMs, aliveEveryMs), (onNews) => place.wait(onNews));
      if (isQuiet && idleLeftMs > aliveEveryMs) {
        place.doubt();
        yield "alive";
      }
    }
  }

  #open(ref: StreamRef): OpenFeed {
    const name = nameOf(ref);
    const opened = this.#feeds.get(name) ?? { feed: new StreamFeed(ref, this.#reader), readers: 0 };
    opened.readers++;
    this.#feeds.set(name, opened);
    return opened;
  }

  #release(ref: StreamRef, opened: OpenFeed): void {
    opened.readers--;
    if (opened.readers === 0) this.#feeds.delete(nameOf(ref));
  }
}

function nameOf({ environmentId, runId, isInput, key }: StreamRef): string {
  return `${environmentId} ${runId} ${isInput} ${key}`;
}

/** Where a reader of a feed stands. */
class Place {
  readonly #feed: StreamFeed;
  #last: number;
  /** What had been heard of other servers when the store had nothing more. */
  #wordsRead = -1;

  constructor(feed: StreamFeed, afterSeq: number) {
    this.#feed = feed;
    this.#last = afterSeq;
  }

  /** The next chunks; none: there is nothing more at the moment, or at all once the run has ended. */
  async next(hasEnded: boolean): Promise<readonly StreamRecord[]> {
    const { words } = this.#feed;
    if (!hasEnded && !this.#mayHaveMore()) return [];
    const records = await (hasEnded ? this.#feed.readLast(this.#last) : this.#feed.read(this.#last));
    if (records.length === 0) this.#wordsRead = words;
    this.#last = records.at(-1)?.seq ?? this.#last;
    return records;
  }

  /** There may be more all the same: a server may have died between a commit and its word. */
  doubt(): void {
    this.#wordsRead = -1;
  }

  /** Waits until there may be more. */
  wait(onNews: () => void): () => void {
    if (!this.#mayHaveMore()) return this.#feed.wait(onNews);
    onNews();
    return () => {};
  }

  #mayHaveMore(): boolean {
    return this.#last < this.#feed.head || this.#wordsRead !== this.#feed.words;
  }
}

/** What a reader waits for besides news: that he goes, that the server closes, that the run ends. */
class Alarm {
  readonly #signals: readonly AbortSignal[];
  readonly #ring = () => this.#onRing?.();
  #onRing: (() => void) | null = null;
  #hasEnded = false;

  constructor(signals: readonly AbortSignal[]) {
    this.#signals = signals;
    for (const signal of signals) signal.addEventListener("abort", this.#ring, { once: true });
  }

  /** Whether the run has ended. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  end(): void {
    this.#hasEnded = true;
    this.#ring();
  }

  /** Waits for news, for the alarm, or for a time; answers whether it was the time. */
  wait(forMs: number, listen: (onNews: () => void) => () => void): Promise<boolean> {
    return new Promise((resolve) => {
      let unlisten = () => {};
      let isOver = false;
      const finish = (isQuiet: boolean) => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        this.#onRing = null;
        unlisten();
        resolve(isQuiet);
      };
      const timer = setTimeout(() => finish(true), forMs);
      this.#onRing = () => finish(false);
      if (this.#hasEnded || this.#signals.some(({ aborted }) => aborted)) return finish(false);
      unlisten = listen(() => finish(false)); // one that calls back at once has nothing to end
    });
  }

  stop(): void {
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#ring);
  }
}
