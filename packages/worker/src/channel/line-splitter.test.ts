import assert from "node:assert/strict";
import { test } from "node:test";
import { LineSplitter } from "./line-splitter.ts";

test("cuts lines however the text is cut into pieces", () => {
  const text = "one\n\nthree is longer\nlast\n";
  for (let size = 1; size <= text.length; size++) {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (let at = 0; at < text.length; at += size) splitter.push(text.slice(at, at + size));
    assert.deepEqual(lines, ["one", "", "three is longer", "last"], `pieces of ${size}`);
  }
});

test("keeps an unfinished line", () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  splitter.push("a\nb");
  assert.deepEqual(lines, ["a"]);
  splitter.push("c\n");
  assert.deepEqual(lines, ["a", "bc"]);
});
