import assert from "node:assert/strict";
import { test } from "node:test";
import { applyMetadataOperations, type Metadata, type MetadataOperation } from "./metadata-operations.ts";
import { metadataPath } from "./metadata-path.ts";

const cases: [name: string, before: Metadata, operation: MetadataOperation, after: Metadata][] = [
  ["set", { a: 1 }, { type: "set", key: "b", value: [1] }, { a: 1, b: [1] }],
  ["set at a path", {}, { type: "set", key: "$.a.b[1].c", value: 1 }, { a: { b: [undefined, { c: 1 }] } }],
  ["set over a scalar", { a: 1 }, { type: "set", key: "$.a.b", value: 1 }, { a: { b: 1 } }],
  ["set a name with a dot", {}, { type: "set", key: "a.b", value: 1 }, { "a.b": 1 }],
  ["set a quoted name", {}, { type: "set", key: '$.a["b c"]', value: 1 }, { a: { "b c": 1 } }],
  ["delete", { a: 1, b: 2 }, { type: "delete", key: "a" }, { b: 2 }],
  ["delete from an array", { a: [1, 2, 3] }, { type: "delete", key: "$.a[1]" }, { a: [1, 3] }],
  ["delete what is not there", { a: 1 }, { type: "delete", key: "$.b.c" }, { a: 1 }],
  ["append", { a: [1] }, { type: "append", key: "a", value: 2 }, { a: [1, 2] }],
  ["append to nothing", {}, { type: "append", key: "$.a.b", value: 2 }, { a: { b: [2] } }],
  ["append to a scalar", { a: 1 }, { type: "append", key: "a", value: 2 }, { a: [1, 2] }],
  ["remove", { a: [{ x: [1] }, 2, { x: [1] }] }, { type: "remove", key: "a", value: { x: [1] } }, { a: [2] }],
  ["remove from no array", { a: 1 }, { type: "remove", key: "a", value: 1 }, { a: 1 }],
  ["increment", { a: 1 }, { type: "increment", key: "a", value: -3 }, { a: -2 }],
  ["increment what is inherited", {}, { type: "increment", key: "toString", value: 1 }, { toString: 1 }],
  ["update", { a: 1 }, { type: "update", value: { b: 2 } }, { b: 2 }],
  ["a field of an array", { a: [] }, { type: "set", key: "$.a.length", value: 5 }, { a: [] }],
];
for (const [name, before, operation, after] of cases) {
  test(`${name}: what comes of it`, () => {
    const given = structuredClone(before);
    const changed = applyMetadataOperations(given, [operation]);
    assert.deepEqual(JSON.parse(JSON.stringify(changed)), JSON.parse(JSON.stringify(after)));
    assert.deepEqual(given, before, "what was given stays");
  });
}

test("names that JavaScript keeps for itself, and paths that can't be read, lead nowhere", () => {
  for (const key of [
    "__proto__",
    "$.a.constructor",
    "$.a['prototype'].b",
    "$.a[",
    "$.a[99999]",
    "$..a",
    "",
    "$.a[x]",
  ]) {
    assert.equal(metadataPath(key), null, key);
    const changed = applyMetadataOperations({ a: 1 }, [{ type: "set", key, value: { polluted: true } }]);
    assert.deepEqual(changed, { a: 1 });
  }
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});
