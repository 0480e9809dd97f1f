import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fromPublicId, newUuid, toPublicId } from "./ids.ts";

const smallest = "00000000-0000-0000-0000-000000000000";
const largest = "ffffffff-ffff-ffff-ffff-ffffffffffff";

describe("newUuid", () => {
  test("makes UUIDs of version 7", () => {
    assert.match(newUuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("orders what one process makes", () => {
    const made = Array.from({ length: 2_000 }, () => newUuid());
    assert.deepEqual(made.toSorted(), made);
    assert.equal(new Set(made).size, made.length);
  });

  test("encodes the time it is given", () => {
    const atMs = Date.UTC(2026, 0, 2);
    assert.equal(Number.parseInt(newUuid(atMs).replaceAll("-", "").slice(0, 12), 16), atMs);
    assert.ok(newUuid(atMs) < newUuid(atMs + 1));
  });
});

describe("toPublicId", () => {
  test("writes the prefix and 26 characters", () => {
    assert.equal(toPublicId("run", smallest), "run_00000000000000000000000000");
    assert.equal(toPublicId("batch", largest), "batch_7zzzzzzzzzzzzzzzzzzzzzzzzz");
    assert.equal(toPublicId("env", "00000000-0000-0000-0000-000000000020"), "env_00000000000000000000000010");
  });

  test("keeps the order of the UUIDs", () => {
    const uuids = Array.from({ length: 500 }, (_, index) => newUuid(index * 7_919_000_017)).toSorted();
    const ids = uuids.map((uuid) => toPublicId("run", uuid));
    assert.deepEqual(ids.toSorted(), ids);
  });
});

describe("fromPublicId", () => {
  test("gives back the UUID of any id", () => {
    const uuids = [smallest, largest, ...Array.from({ length: 500 }, () => crypto.randomUUID())];
    for (const uuid of uuids) assert.equal(fromPublicId("run", toPublicId("run", uuid)), uuid);
  });

  const refused: Readonly<Record<string, string>> = {
    "another prefix": "batch_00000000000000000000000000",
    "another prefix of the same length": "env_00000000000000000000000000",
    "no prefix": "00000000000000000000000000",
    "an empty text": "",
    "too few characters": "run_0000000000000000000000000",
    "too many characters": "run_000000000000000000000000000",
    "a letter outside the alphabet": "run_0000000000000000000000000u",
    "a capital letter": "run_0000000000000000000000000A",
    "a character outside ASCII": "run_0000000000000000000000000é",
    "a character far outside ASCII": "run_00000000000000000000000000".replace(/0$/, "漢"),
    "more than 128 bits": "run_80000000000000000000000000",
  };
  for (const [what, id] of Object.entries(refused)) {
    test(`refuses ${what}`, () => assert.equal(fromPublicId("run", id), null));
  }
});
