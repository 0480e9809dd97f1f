import assert from "node:assert/strict";
import { test } from "node:test";
import { readJson } from "./json-text.ts";

test("halves of characters become U+FFFD, in texts and names, and whole ones stay", () => {
  const text = '{"\\ud83d":["a\\ude00","\\ud83d\\ude00"],"b":"\\u0000"}';
  assert.deepEqual(readJson(text), {
    kind: "value",
    value: { "\ufffd": ["a\ufffd", "😀"], b: "\0" },
  });
});

test("a name such as __proto__ is a name like any other", () => {
  const read = readJson('{"__proto__":{"a":"\\ud800"}}');
  assert.ok(read.kind === "value" && typeof read.value === "object" && read.value !== null);
  assert.deepEqual(Object.keys(read.value), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(read.value), Object.prototype);
});

test("what is nested deeper than a thousand levels is refused, whatever stands in its texts", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  assert.equal(readJson(nested(1_000)).kind, "value");
  assert.deepEqual(readJson(nested(1_001)), { kind: "refused", detail: "is nested deeper than 1,000 levels" });
  assert.equal(readJson(JSON.stringify({ a: `"\\${nested(5_000)}\\`, b: nested(5_000) })).kind, "value");
  assert.equal(readJson(`{"a\\"":${nested(1_000)}}`).kind, "refused");
  assert.equal(readJson(`[${"{},".repeat(2_000)}{}]`).kind, "value");
});

test("what is no JSON is refused with what the parser says", () => {
  for (const text of ["{", "", "\ufeff{}", `"${"x".repeat(3_000)}`, `${"[".repeat(900)}${" ".repeat(3_000)}`]) {
    const read = readJson(text);
    assert.ok(read.kind === "refused");
    assert.match(read.detail, /^is not valid JSON: ./);
  }
});
