import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Packet, packetAsJson, readPacket, writePacket } from "./packet.ts";

class Refused extends Error {
  override readonly name = "Refused";
}

/** Values that come back as what they were. */
const values: Readonly<Record<string, unknown>> = {
  null: null,
  true: true,
  zero: 0,
  "minus zero": -0,
  "not a number": Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  "a text": "hello",
  "an empty text": "",
  "a text that looks like JSON": '{"json":1}',
  "characters outside the basic plane": "🎬 漢字 \u0000",
  "an array with gaps of undefined": [1, undefined, null],
  "nested objects": { a: { b: [{ c: 1 }] } },
  "an undefined field": { a: undefined, b: 1 },
  "a date": new Date(0),
  "dates deep inside": { seen: [{ at: new Date("2026-01-02T03:04:05.678Z") }] },
  "a map": new Map<unknown, unknown>([
    ["a", new Date(1)],
    [2, new Set([1])],
  ]),
  "a set": new Set(["a", 1n]),
  "a big integer": 12_345_678_901_234_567_890n,
  "a regular expression": /pawl\d+/giu,
  "a URL": new URL("https://example.com/a?b=c#d"),
  "a key that a packet uses": { json: 1, meta: { values: 2 } },
  "keys with dots": { "a.b": new Date(2), "a\\.b": new Date(3) },
};

describe("a packet", () => {
  for (const [what, value] of Object.entries(values)) {
    test(`brings back ${what}`, () => assert.deepEqual(readPacket(writePacket(value)), value));
  }

  test("brings back undefined, as a packet without text", () => {
    assert.deepEqual(writePacket(undefined), { type: "application/json" });
    assert.equal(readPacket({ type: "application/json" }), undefined);
    assert.equal(readPacket({ type: "application/super+json" }), undefined);
  });

  test("brings back the name and the message of an error", () => {
    const error = readPacket(writePacket({ error: new Refused("no") })) as { error: Error };
    assert.ok(error.error instanceof Error);
    assert.equal(error.error.name, "Refused");
    assert.equal(error.error.message, "no");
  });

  test("brings back one object that stands in two places as one", () => {
    const at = { at: new Date(4) };
    const back = readPacket(writePacket({ a: at, b: at })) as { a: unknown; b: unknown };
    assert.equal(back.a, back.b);
  });

  test("does not touch the prototype of objects", () => {
    const text = '{"json":{"a":1},"meta":{"values":{"__proto__.isAdmin":["Date"]}}}';
    assert.throws(() => readPacket({ text, type: "application/super+json" }));
    assert.equal(Object.hasOwn(Object.prototype, "isAdmin"), false);
  });
});

describe("writePacket", () => {
  test("leaves a text as it is", () => assert.deepEqual(writePacket("hello"), { text: "hello", type: "text/plain" }));

  test("writes everything else as superjson", () => {
    assert.deepEqual(writePacket({ at: new Date(0) }), {
      text: '{"json":{"at":"1970-01-01T00:00:00.000Z"},"meta":{"values":{"at":["Date"]},"v":1}}',
      type: "application/super+json",
    });
  });

  test("throws what a getter inside the value throws", () => {
    const value = {
      get broken(): never {
        throw new Refused("not now");
      },
    };
    assert.throws(() => writePacket(value), Refused);
  });
});

describe("readPacket", () => {
  test("reads JSON and plain text as their type says", () => {
    assert.deepEqual(readPacket({ text: '{"a":1}', type: "application/json" }), { a: 1 });
    assert.equal(readPacket({ text: '{"a":1}', type: "text/plain" }), '{"a":1}');
    assert.equal(readPacket({ text: "packets/1", type: "application/store" }), "packets/1");
  });

  for (const type of ["application/json", "application/super+json"] as const) {
    test(`throws a SyntaxError for ${type} that is broken`, () => {
      assert.throws(() => readPacket({ text: "{", type }), SyntaxError);
    });
  }
});

describe("packetAsJson", () => {
  const shown: readonly (readonly [what: string, packet: Packet, json: unknown])[] = [
    ["a date as an ISO text", writePacket({ at: new Date(0) }), { at: "1970-01-01T00:00:00.000Z" }],
    ["a set as an array", writePacket(new Set([1, 2])), [1, 2]],
    ["a map as its entries", writePacket(new Map([["a", 1]])), [["a", 1]]],
    ["a text as itself", writePacket("hello"), "hello"],
    ["JSON as it is", { text: '{"json":1}', type: "application/json" }, { json: 1 }],
    ["superjson without its envelope", { text: "[1]", type: "application/super+json" }, [1]],
    ["superjson that is a bare null", { text: "null", type: "application/super+json" }, null],
    ["superjson that is a bare object", { text: '{"a":1}', type: "application/super+json" }, { a: 1 }],
    ["nothing for undefined", writePacket(undefined), undefined],
  ];
  for (const [what, packet, json] of shown) {
    test(`shows ${what}`, () => assert.deepEqual(packetAsJson(packet), json));
  }
});
