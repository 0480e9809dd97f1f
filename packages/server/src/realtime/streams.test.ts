import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { StreamReader, StreamRecord, StreamRef } from "../engine/stream-ports.ts";
import { type StreamNews, Streams, StreamsClosed } from "./streams.ts";

const ref: StreamRef = { environmentId: "environment", runId: "run", isInput: false, key: "tokens" };

/** A store in memory, which counts how often it is asked. */
class Store implements StreamReader {
  readonly records: StreamRecord[] = [];
  reads = 0;
  isOver = false;
  /** Holds back the answers to reads while it is not null. */
  gate: Promise<void> | null = null;

  add(count = 1): readonly StreamRecord[] {
    const added = Array.from({ length: count }, (_, index) => {
      const seq = this.records.length + index;
      return { seq, at: new Date(0), data: `${seq}` };
    });
    this.records.push(...added);
    return added;
  }

  async read(_ref: StreamRef, afterSeq: number): Promise<readonly StreamRecord[]> {
    this.reads++;
    const found = this.records.slice(afterSeq + 1, afterSeq + 4);
    await this.gate;
    return found;
  }

  async count(): Promise<number> {
    return this.records.length;
  }

  async writtenBy(): Promise<number> {
    return 0;
  }

  async ended(_environmentId: string, runIds: readonly string[]): Promise<readonly string[]> {
    return this.isOver ? runIds : [];
  }
}

/** Begins to read; the reader goes with the test. */
function reading(t: TestContext, streams: Streams, changes: { idleMs?: number; aliveEveryMs?: number } = {}) {
  const gone = new AbortController();
  const news = streams.read({ ref, afterSeq: -1, idleMs: null, aliveEveryMs: 60_000, ...changes, signal: gone.signal });
  t.after(async () => {
    gone.abort();
    await news.return(undefined);
  });
  return {
    news,
    leave: () => gone.abort(),
    /** Waits for so many chunks. */
    async next(count: number): Promise<readonly number[]> {
      const seqs: number[] = [];
      while (seqs.length < count) seqs.push(...seqsIn((await news.next()).value));
      return seqs;
    },
    async rest(): Promise<readonly number[]> {
      const seqs: number[] = [];
      for await (const one of news) seqs.push(...seqsIn(one));
      return seqs;
    },
  };
}

function seqsIn(news: StreamNews | undefined): readonly number[] {
  return news === undefined || news === "alive" ? [] : news.map(({ seq }) => seq);
}

test("what is told comes from memory, to all readers, in order", async (t) => {
  const store = new Store();
  const streams = new Streams(store);
  store.add(5);
  const readers = Array.from({ length: 10 }, () => reading(t, streams));
  for (const reader of readers) assert.deepEqual(await reader.next(5), [0, 1, 2, 3, 4]);
  const waiting = readers.map((reader) => reader.next(3));
  await turn();
  const reads = store.reads;
  streams.tell(ref, store.add(3));
  for (const read of await Promise.all(waiting)) assert.deepEqual(read, [5, 6, 7]);
  assert.equal(store.reads, reads);
  store.isOver = true;
  for (const reader of readers) assert.deepEqual(await reader.rest(), []);
});

test("what is told in another order than it was stored comes in order", async (t) => {
  const store = new Store();
  const streams = new Streams(store);
  const reader = reading(t, streams);
  const next = reader.next(4);
  await turn();
  const [earlier, later] = [store.add(2), store.add(2)];
  streams.tell(ref, later);
  streams.tell(ref, earlier);
  assert.deepEqual(await next, [0, 1, 2, 3]);
  streams.tell(ref, store.add(1));
  assert.deepEqual(await reader.next(1), [4]);
});

test("a word of another server is worth a look, also while one is under way that began before", async (t) => {
  const store = new Store();
  const streams = new Streams(store);
  const early = reading(t, streams);
  const gate = Promise.withResolvers<void>();
  store.gate = gate.promise;
  const first = early.next(1); // its look has found nothing, and has not answered yet
  store.gate = null;
  store.add(1);
  streams.hear("run");
  const late = reading(t, streams);
  assert.deepEqual(await late.next(1), [0]);
  gate.resolve();
  assert.deepEqual(await first, [0]);
  const next = early.next(1);
  for (let i = 0; i < 5; i++) await turn();
  const { reads } = store;
  store.add(1);
  streams.hear("another run");
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(store.reads, reads);
  streams.hear(null);
  assert.deepEqual(await next, [1]);
});

test("chunks whose word was lost with their server are found with the next sign of life", async (t) => {
  const store = new Store();
  const reader = reading(t, new Streams(store), { aliveEveryMs: 20 });
  const next = reader.next(1);
  await turn();
  store.add(1);
  assert.deepEqual(await next, [0]);
});

test("the end of the run comes after its last chunk, told or not", async (t) => {
  const store = new Store();
  const streams = new Streams(store);
  const reader = reading(t, streams);
  const rest = reader.rest();
  await turn();
  store.add(7);
  store.isOver = true;
  assert.deepEqual(await rest, [0, 1, 2, 3, 4, 5, 6]);
});

test("a reading ends when nothing has come for long, and gives signs of life before", async (t) => {
  const streams = new Streams(new Store());
  const { news } = reading(t, streams, { idleMs: 300, aliveEveryMs: 20 });
  const seen: StreamNews[] = [];
  for await (const one of news) seen.push(one);
  assert.ok(seen.length >= 2 && seen.every((one) => one === "alive"), `${seen.length}`);
});

test("a reader who goes ends his reading, and a server that closes breaks it off", async (t) => {
  const streams = new Streams(new Store());
  const leaving = reading(t, streams);
  const left = leaving.rest();
  const staying = reading(t, streams).rest();
  leaving.leave();
  assert.deepEqual(await left, []);
  streams.close();
  await assert.rejects(staying, StreamsClosed);
  await assert.rejects(reading(t, streams).rest(), StreamsClosed);
});
