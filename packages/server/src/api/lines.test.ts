import assert from "node:assert/strict";
import { test } from "node:test";
import { LineTooLong, linesOf } from "./lines.ts";

async function read(pieces: Buffer[], maxLength = 100): Promise<string[]> {
  async function* stream() {
    yield* pieces;
  }
  const all: string[] = [];
  for await (const lines of linesOf(stream(), maxLength)) all.push(...lines);
  return all;
}

test("lines are the same wherever the stream is cut, inside a character too", async () => {
  const text = Buffer.from("eins\nzwölf\r\n\n  \ndreizehn");
  for (let cut = 0; cut <= text.length; cut++) {
    assert.deepEqual(await read([text.subarray(0, cut), text.subarray(cut)]), ["eins", "zwölf\r", "dreizehn"]);
  }
  assert.deepEqual(await read([]), []);
});

test("a line over the limit ends the reading, complete or not", async () => {
  await assert.rejects(read([Buffer.from("123456\n")], 5), LineTooLong);
  await assert.rejects(read([Buffer.from("123"), Buffer.from("456")], 5), LineTooLong);
  assert.deepEqual(await read([Buffer.from("12345\n12345")], 5), ["12345", "12345"]);
});
