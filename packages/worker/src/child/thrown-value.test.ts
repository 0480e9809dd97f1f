import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { asJson, describeThrown, runErrorOf } from "./thrown-value.ts";

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

test("the errors that an AggregateError gathers are told before its cause", () => {
  const error = new AggregateError([new TypeError("first"), "second"], "both failed", { cause: new Error("why") });
  const { causes, message } = runErrorOf(error) as { causes?: { name: string; message: string }[]; message?: string }; // it is a BUILT_IN_ERROR
  assert.equal(message, "both failed");
  assert.deepEqual(
    causes?.map((cause) => `${cause.name}: ${cause.message}`),
    ["TypeError: first", "cause: second", "Error: why"],
  );
  const written = JSON.parse(asJson({ error })) as { error: { errors: unknown[] } }; // as made above
  assert.equal(written.error.errors.length, 2);
});

test("whatever is thrown arrives, and nothing that it does when it is read escapes", () => {
  const no = () => {
    throw new Error("hands off");
  };
  const proxy = new Proxy({}, { get: no, has: no, ownKeys: no, getPrototypeOf: no, getOwnPropertyDescriptor: no });
  const getter = Object.defineProperty(new Error("seen"), "message", { get: no });
  const cause = Object.defineProperty(new Error("outer"), "cause", { get: no });
  const stack = Object.defineProperty(new Error("outer"), "stack", { get: no });
  const tagged = Object.defineProperty({}, Symbol.toStringTag, { get: no });
  const enumerable = { fine: 1, get bad() { return no(); } }; // biome-ignore format: one value a line
  const frozen = Object.freeze(Object.assign(new Error("frozen"), { code: 3 }));
  for (const thrown of [
    proxy,
    getter,
    cause,
    stack,
    tagged,
    enumerable,
    frozen,
    null,
    undefined,
    Symbol("s"),
    () => 1,
    NaN,
    0n,
  ]) {
    const error = runErrorOf(thrown);
    assert.ok("raw" in error ? error.raw.length > 0 : "message" in error, error.type);
    assert.ok(describeThrown(thrown).message.length > 0);
  }
  assert.match((runErrorOf(proxy) as { raw: string }).raw, /hands off|throws when it is read/); // it is a CUSTOM_ERROR
  assert.deepEqual(runErrorOf(null), { type: "CUSTOM_ERROR", raw: "null" });
});
