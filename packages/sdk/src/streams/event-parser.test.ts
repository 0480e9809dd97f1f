import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "./event-parser.ts";

const text =
  ': ping\n\nevent: batch\nid: 3\ndata: {"a":1}\n\ndata:first\r\ndata: second\r\n\r\nevent: empty\n\ndata\n\n';
const events = [
  { name: "batch", data: '{"a":1}' },
  { name: "", data: "first\nsecond" },
  { name: "", data: "" },
];

test("events are read out of one piece, and out of any pieces", () => {
  assert.deepEqual(new EventParser().push(text), events);
  const parser = new EventParser();
  assert.deepEqual(
    [...text].flatMap((character) => parser.push(character)),
    events,
  );
});
