import type { StreamReader, StreamRecord, StreamRef } from "../engine/stream-ports.ts";

/** So many of the last chunks are kept for those who read a stream on this server, of about so many characters. */
const keptRecords = 512;
const keptCharacters = 1024 * 1024;

/**
 * One stream, for all who read it on this server. Chunks that were added through this server are given from memory as soon as they are
 * durable; of others there is word, and they are read from the store, once for all readers that stand at the same place.
 */
export class StreamFeed {
  readonly #ref: StreamRef;
  readonly #reader: Pick<StreamReader, "read">;
  readonly #waiting = new Set<() => void>();
  readonly #reads = new Map<string, Promise<readonly StreamRecord[]>>();
  /** The last chunks, without a gap. */
  #tail: StreamRecord[] = [];
  #tailCharacters = 0;
  /** The highest number that is known. */
  #head = -1;
  #words = 0;

  constructor(ref: StreamRef, reader: Pick<StreamReader, "read">) {
    this.#ref = ref;
    this.#reader = reader;
  }

  /** Counts what was heard of other servers: what is in the store may be more than what is known here. */
  get words(): number {
    return this.#words;
  }

  /** The highest number that is known to be there; -1: none. */
  get head(): number {
    return this.#head;
  }

  /** Chunks are durable. Those of two transactions may come in the other order. */
  tell(records: readonly StreamRecord[]): void {
    const first = records[0];
    const last = records.at(-1);
    if (first === undefined || last === undefined) return;
    if (last.seq > this.#head) {
      if (first.seq !== this.#head + 1) this.#forgetTail();
      this.#head = last.seq;
      for (const record of records) this.#keep(record);
    }
    this.#wake();
  }

  /** Another server may have added chunks. */
  hear(): void {
    this.#words++;
    this.#wake();
  }

  /**
   * The chunks after one.
   *
   * @param afterSeq - the last that the reader has
   * @returns some of them, in order; none: there is nothing more in the store
   */
  read(afterSeq: number): Promise<readonly StreamRecord[]> {
    const first = this.#tail[0];
    if (first !== undefined && first.seq <= afterSeq + 1 && afterSeq < this.#head) {
      return Promise.resolve(this.#tail.slice(afterSeq + 1 - first.seq));
    }
    return this.#readOnce(afterSeq, String(this.#words));
  }

  /** As {@link read} once the run has ended: never from memory, and never of a moment before. */
  readLast(afterSeq: number): Promise<readonly StreamRecord[]> {
    return this.#readOnce(afterSeq, "last");
  }

  /** Readers share a query that began after what they know: after the same word of other servers, or after the end. */
  #readOnce(afterSeq: number, known: string): Promise<readonly StreamRecord[]> {
    const name = `${afterSeq} ${known}`;
    const underWay = this.#reads.get(name);
    if (underWay !== undefined) return underWay;
    const read = this.#reader.read(this.#ref, afterSeq).finally(() => this.#reads.delete(name));
    this.#reads.set(name, read);
    return read;
  }

  /**
   * Waits until there is something new, or may be.
   *
   * @param onNews - called once
   * @returns ends the waiting
   */
  wait(onNews: () => void): () => void {
    this.#waiting.add(onNews);
    return () => void this.#waiting.delete(onNews);
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const onNews of waiting) onNews();
  }

  #keep(record: StreamRecord): void {
    this.#tail.push(record);
    this.#tailCharacters += record.data.length;
    while (this.#tail.length > keptRecords || this.#tailCharacters > keptCharacters) {
      this.#tailCharacters -= this.#tail.shift()?.data.length ?? 0;
    }
  }

  #forgetTail(): void {
    this.#tail = [];
    this.#tailCharacters = 0;
  }
}
