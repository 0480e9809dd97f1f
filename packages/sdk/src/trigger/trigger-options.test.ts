import assert from "node:assert/strict";
import { test } from "node:test";
import { triggerOptionsSchema } from "@pawl/contract/api/trigger";
import { BadRequestError } from "../errors/api-error.ts";
import type { TriggerOptions } from "../tasks/task-types.ts";
import { toWireOptions } from "./trigger-options.ts";

const place = { subject: "task t", isAwaited: false };
const hashOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("brings every option into the form of the API", async () => {
  const wire = await toWireOptions(
    {
      delay: new Date(5),
      ttl: "10m",
      idempotencyKey: "abc",
      idempotencyKeyTTL: "2h",
      queue: "mail",
      concurrencyKey: "ada",
      priority: 10,
      maxAttempts: 2,
      maxDuration: 60,
      tags: ["a", "b"],
      metadata: { step: 1 },
      machine: "small-2x",
      region: "eu",
      version: "20260101.1",
    },
    place,
  );
  assert.deepEqual(wire, {
    delay: "1970-01-01T00:00:00.005Z",
    ttl: "10m",
    idempotencyKey: hashOfAbc,
    idempotencyKeyOptions: { key: "abc", scope: "global" },
    idempotencyKeyTTL: "2h",
    queue: { name: "mail" },
    concurrencyKey: "ada",
    priority: 10,
    maxAttempts: 2,
    maxDuration: 60,
    tags: ["a", "b"],
    metadata: { step: 1 },
    machine: "small-2x",
    region: "eu",
    lockToVersion: "20260101.1",
  });
  assert.ok(triggerOptionsSchema.safeParse(wire).success);
  assert.deepEqual(await toWireOptions(undefined, place), {});
});

test("a run that is waited for executes with the version of the one that waits", async () => {
  assert.deepEqual(await toWireOptions({ version: "20260101.1" }, { ...place, isAwaited: true }), {});
});

test("a debounce passes as it is written", async () => {
  const debounce = { key: "k", delay: "5s", mode: "trailing", maxDelay: "1m" } as const;
  const wire = await toWireOptions({ debounce }, place);
  assert.deepEqual(wire, { debounce });
  assert.deepEqual(triggerOptionsSchema.parse(wire).debounce, {
    key: "k",
    delayMs: 5_000,
    mode: "trailing",
    maxDelayMs: 60_000,
  });
  assert.equal(triggerOptionsSchema.parse({ debounce: { key: "k", delay: "1s" } }).debounce?.mode, "leading");
});

const wrongDebounces: readonly (readonly [object, string, RegExp])[] = [
  [{ debounce: "k" }, "debounce", /debounce for task t must be an object such as .*, not "k"\.$/],
  [
    { debounce: { key: "", delay: "5s" } },
    "debounce.key",
    /debounce\.key for task t must be a text of 1 to 512.*, not ""\.$/,
  ],
  [{ debounce: { key: "x".repeat(513), delay: "5s" } }, "debounce.key", /1 to 512/],
  [{ debounce: { delay: "5s" } }, "debounce.key", /not undefined/],
  [{ debounce: { key: "k", delay: "0s" } }, "debounce.delay", /a duration of a second or more, such as 5s, not "0s"/],
  [{ debounce: { key: "k", delay: "2030-01-01T00:00:00Z" } }, "debounce.delay", /not "2030-01-01/],
  [{ debounce: { key: "k", delay: new Date(5) } }, "debounce.delay", /a duration of a second or more/],
  [{ debounce: { key: "k" } }, "debounce.delay", /not undefined/],
  [{ debounce: { key: "k", delay: "5s", mode: "both" } }, "debounce.mode", /must be leading or trailing, not "both"/],
  [{ debounce: { key: "k", delay: "5s", maxDelay: "5s" } }, "debounce.maxDelay", /longer than the delay.*, not "5s"/],
  [
    { debounce: { key: "k", delay: "5s" }, delay: "1h" },
    "debounce",
    /debounce for task t must not stand beside the option delay/,
  ],
];

for (const [options, field, message] of wrongDebounces) {
  test(`refuses ${JSON.stringify(options).slice(0, 80)}`, async () => {
    const error = await toWireOptions(options as TriggerOptions, place).catch((error: unknown) => error);
    assert.ok(error instanceof BadRequestError);
    assert.match(error.message, message);
    assert.equal(error.param, `options.${field}`);
    assert.equal(triggerOptionsSchema.safeParse(options).success, false, "the server refuses it, too");
  });
}

test("a hash passes as it is", async () => {
  const hash = "f".repeat(64);
  assert.deepEqual(await toWireOptions({ idempotencyKey: hash }, place), { idempotencyKey: hash });
});

const wrong: readonly (readonly [unknown, RegExp])[] = [
  [{ delay: "soon" }, /The option delay for task t must be a duration such as 1h30m.*not "soon"/],
  [{ delay: new Date(Number.NaN) }, /delay .*not an invalid Date/],
  [{ delay: 5 }, /delay .*not 5/],
  [{ ttl: -1 }, /ttl/],
  [{ ttl: "1x" }, /ttl/],
  [{ idempotencyKey: 5 }, /idempotencyKey for task t must be a text/],
  [{ idempotencyKey: "" }, /idempotencyKey/],
  [{ idempotencyKey: [] }, /not an empty array/],
  [{ idempotencyKey: "x".repeat(2_049) }, /idempotencyKey for task t must be a text of 1 to 2,048/],
  [{ idempotencyKeyTTL: "tomorrow" }, /idempotencyKeyTTL/],
  [{ queue: { name: "mail" } }, /queue .*the name of a queue, such as "mail", not an object/],
  [{ queue: "x".repeat(129) }, /queue/],
  [{ concurrencyKey: 5 }, /concurrencyKey/],
  [{ priority: -1 }, /priority/],
  [{ maxAttempts: 0 }, /maxAttempts .*from 1 to 250, not 0/],
  [{ maxAttempts: 251 }, /maxAttempts/],
  [{ maxAttempts: 1.5 }, /maxAttempts/],
  [{ maxDuration: 0 }, /maxDuration/],
  [{ tags: Array(11).fill("a") }, /tags .*at most ten texts.*not an array of 11/],
  [{ tags: [""] }, /tags/],
  [{ metadata: [] }, /metadata .*must be an object/],
  [{ metadata: { on: () => 1 } }, /metadata for task t holds a function at on/],
  [{ metadata: { text: "é".repeat(131_072) } }, /metadata for task t has 257 KB; at most 256 KB/],
  [{ machine: 1 }, /machine/],
  [{ region: "" }, /region/],
  [{ version: 1 }, /version/],
];

for (const [options, message] of wrong) {
  test(`refuses ${JSON.stringify(options).slice(0, 60)} ${String(message).slice(0, 40)}`, async () => {
    const error = await toWireOptions(options as TriggerOptions, place).catch((error: unknown) => error);
    assert.ok(error instanceof BadRequestError);
    assert.match(error.message, message);
    assert.deepEqual([error.status, error.param], [400, `options.${Object.keys(options as object)[0]}`]);
  });
}

test("of an item of a batch the server refuses what it can see, so that the others are made", async () => {
  const item = { ...place, isItem: true };
  for (const options of [
    { queue: "x".repeat(129) },
    { maxAttempts: 0 },
    { delay: "soon" },
    { tags: [""] },
    { metadata: { a: "x".repeat(300_000) } },
  ]) {
    await toWireOptions(options, item);
  }
  for (const options of [{ delay: new Date(Number.NaN) }, { priority: Number.NaN }, { metadata: { on: () => 1 } }]) {
    await assert.rejects(toWireOptions(options, item), BadRequestError);
  }
});
