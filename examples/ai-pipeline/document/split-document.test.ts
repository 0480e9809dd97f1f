import assert from "node:assert/strict";
import { test } from "node:test";
import { splitDocument } from "./split-document.ts";

test("paragraphs stay together as long as they fit", () => {
  assert.deepEqual(splitDocument("One.\n\nTwo.\n\nThree.", 10), ["One.\n\nTwo.", "Three."]);
});

test("a paragraph that does not fit is split between words, and nothing is lost", () => {
  const text = Array.from({ length: 50 }, (_, number) => `word${number}`).join(" ");
  const pieces = splitDocument(text, 40);
  assert.ok(pieces.every((piece) => piece.length <= 40));
  assert.equal(pieces.join(" "), text);
});

test("a word that does not fit is split too", () => {
  assert.deepEqual(splitDocument("abcdefghij", 4), ["abcd", "efgh", "ij"]);
});

test("an empty text has no pieces", () => {
  assert.deepEqual(splitDocument("\n \n", 10), []);
});
