import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { pathText, pathToLost, pathToUnwritable } from "./lost-values.ts";

test("finds what JSON would leave out, and says where", async (t) => {
  const file = await open(new URL(import.meta.url));
  t.after(() => file.close());
  const timer = setInterval(() => undefined, 60_000);
  t.after(() => clearInterval(timer));
  const cases: [value: unknown, kind: string, path: string][] = [
    [() => 1, "a function", ""],
    [{ on: [1, () => 1] }, "a function", "on[1]"],
    [{ a: { b: Symbol("c") } }, "a symbol", "a.b"],
    [new Map([["key", { deep: () => 1 }]]), "a function", "key.deep"],
    [new Set([1, Symbol("s")]), "a symbol", "[1]"],
    [{ later: Promise.resolve(1) }, "a promise that was not awaited", "later"],
    [{ body: new PassThrough() }, "an open stream (PassThrough)", "body"],
    [{ body: new ReadableStream() }, "an open stream (ReadableStream)", "body"],
    [new Response("text"), "an open stream (Response)", ""],
    [{ server: createServer() }, "an open handle (Server)", "server"],
    [{ bus: new EventEmitter() }, "an open handle (EventEmitter)", "bus"],
    [{ every: timer }, "a timer", "every"],
    [{ file }, "an open handle (FileHandle)", "file"],
    [[(async function* () {})()], "an open handle (AsyncGenerator)", "[0]"],
    [{ cache: new WeakMap() }, "a WeakMap", "cache"],
  ];
  for (const [value, kind, path] of cases) {
    const found = pathToLost(value);
    assert.equal(found?.path, path, kind);
    if (kind.includes("Generator")) assert.match(found?.kind ?? "", /^an open handle/);
    else if (kind.includes("FileHandle")) assert.match(found?.kind ?? "", /^an open handle \(FileHandle\)|^a timer/);
    else assert.equal(found?.kind, kind);
  }
});

test("leaves alone what is carried, or has a form of its own", () => {
  class Money {
    cents = 3;
    format() {
      return "0.03";
    }
  }
  const circular: Record<string, unknown> = { n: 1 };
  circular.self = circular;
  const document = Object.assign(new EventEmitter(), { toJSON: () => ({ id: 1 }) });
  const carried = [
    new Date(0),
    /a/,
    new Error("e"),
    1n,
    new Map(),
    new Set(),
    new URL("http://a.b"),
    new Uint8Array(2),
  ];
  for (const value of [...carried, undefined, null, "text", new Money(), circular, document, { nested: carried }]) {
    assert.equal(pathToLost(value), null);
  }
});

test("finds the value that can't be written", () => {
  const hostile = {
    get boom(): never {
      throw new Error("no");
    },
  };
  assert.equal(pathToUnwritable({ fine: 1, list: [{ fine: 2 }, hostile] }), "list[1].boom");
  assert.equal(pathToUnwritable({ fine: 1 }), "");
});

test("writes paths for people", () => {
  assert.equal(pathText([]), "");
  assert.equal(pathText(["a", 0, "b", Symbol("c")]), "a[0].b.Symbol(c)");
  assert.equal(pathText([2, "a"]), "[2].a");
});
