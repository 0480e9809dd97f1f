import assert from "node:assert/strict";
import { test } from "node:test";
import { createLineWriter } from "./line-writer.ts";

const renderLoss = (count: number) => `… ${count} lost`;

/** A reader that takes one write after another when it is told to. */
function slowReader() {
  const texts: string[] = [];
  const waiting: (() => void)[] = [];
  return {
    texts,
    sink: (text: string) =>
      new Promise<void>((written) => {
        texts.push(text);
        waiting.push(written);
      }),
    async read() {
      waiting.shift()?.();
      await new Promise((turn) => setImmediate(turn));
    },
  };
}

test("lines are written in order, those that waited together", async () => {
  const reader = slowReader();
  const writer = createLineWriter(reader.sink, renderLoss);
  writer.lines(["a"]);
  writer.lines(["b", "c"]);
  await reader.read();
  writer.lines(["d"]);
  await reader.read();
  await reader.read();
  await writer.flush(60_000);
  assert.deepEqual(reader.texts, ["a\n", "b\nc\n", "d\n"]);
});

test("a reader that is too slow is told how many lines it missed, where they are missing", async () => {
  const reader = slowReader();
  const writer = createLineWriter(reader.sink, renderLoss, 2);
  writer.lines(["a"]);
  writer.lines(["b", "c", "d", "e"]);
  await reader.read();
  writer.lines(["f"]);
  await reader.read();
  assert.deepEqual(reader.texts, ["a\n", "b\nc\n… 2 lost\n", "f\n"]);
});

test("a reader that stopped holds up the end for the given time only", async () => {
  const writer = createLineWriter(slowReader().sink, renderLoss);
  writer.lines(["a"]);
  await writer.flush(1);
});

test("nothing is kept for a reader that has gone", async () => {
  let writes = 0;
  const gone = () => {
    writes += 1;
    return Promise.reject(new Error("EPIPE"));
  };
  const writer = createLineWriter(gone, renderLoss);
  writer.lines(["a"]);
  await writer.flush(60_000);
  writer.lines(["b"]);
  await writer.flush(60_000);
  assert.equal(writes, 1);
});
