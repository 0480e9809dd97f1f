import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { asJson, runErrorOf } from "./thrown-value.ts";

test("an Error keeps name, message, stack and causes", () => {
  const error = runErrorOf(new TypeError("outer", { cause: new RangeError("inner", { cause: { code: 7 } }) }));
  assert.equal(error.type, "BUILT_IN_ERROR");
  if (error.type !== "BUILT_IN_ERROR") return;
  assert.equal(error.name, "TypeError");
  assert.match(error.stackTrace, /thrown-value\.test/);
  assert.deepEqual(
    error.causes?.map(({ name, message }) => [name, message]),
    [
      ["RangeError", "inner"],
      ["cause", '{"code":7}'],
    ],
  );
});

test("a circle of causes ends", () => {
  const error = new Error("round");
  error.cause = error;
  const { causes } = runErrorOf(error) as { causes?: unknown[] }; // it is a BUILT_IN_ERROR, see above
  assert.equal(causes?.length, 5);
});

test("an error of another realm is an error", () => {
  const foreign: unknown = runInNewContext("new RangeError('elsewhere')");
  assert.equal(runErrorOf(foreign).type, "BUILT_IN_ERROR");
});

test("other values are readable", () => {
  assert.deepEqual(runErrorOf("text"), { type: "STRING_ERROR", raw: "text" });
  assert.deepEqual(runErrorOf(undefined), { type: "CUSTOM_ERROR", raw: "undefined" });
  assert.deepEqual(runErrorOf(12n), { type: "CUSTOM_ERROR", raw: '"12n"' });
  const circular: Record<string, unknown> = { code: 7, same: [1] };
  circular.self = circular;
  circular.twice = circular.same;
  assert.deepEqual(runErrorOf(circular), {
    type: "CUSTOM_ERROR",
    raw: '{"code":7,"same":[1],"self":"[Circular]","twice":[1]}',
  });
});

test("errors, maps and sets inside a value are written with what they hold", () => {
  const error = new RangeError("outer", { cause: new Error("inner") });
  const written: unknown = JSON.parse(
    asJson({ error: Object.assign(error, { code: 7 }), map: new Map([[1, new Set(["a"])]]) }),
  );
  const { error: read, map } = written as { error: Record<string, unknown>; map: unknown }; // as made above
  assert.deepEqual(map, [[1, ["a"]]]);
  assert.deepEqual([read.name, read.message, read.code], ["RangeError", "outer", 7]);
  assert.match(String(read.stack), /thrown-value\.test/);
  assert.equal((read.cause as Record<string, unknown>).message, "inner");
});

test("an error that leads back to itself ends", () => {
  const error = Object.assign(new Error("round"), { self: {} });
  error.self = error;
  error.cause = { error };
  assert.match(asJson({ error }), /"self":"\[Circular\]".*"cause":\{"error":"\[Circular\]"\}/);
});

test("a value that can't be read is described all the same", () => {
  const hostile = {
    toJSON() {
      throw new Error("no");
    },
  };
  assert.match(asJson(hostile), /toJSON/);
});
