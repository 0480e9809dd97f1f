import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { delaySchema, tagsSchema, triggerBodySchema, triggerOptionsSchema } from "./trigger.ts";

const accepts = (body: unknown) => triggerBodySchema.safeParse(body).success;

describe("triggerBodySchema", () => {
  test("accepts the smallest body, and any JSON as payload", () => {
    assert.deepEqual(triggerBodySchema.parse({}), {});
    assert.equal(triggerBodySchema.parse({ options: {} }).payload, undefined);
    for (const payload of [null, 1, "text", [1], { a: 1 }]) {
      assert.deepEqual(triggerBodySchema.parse({ payload }).payload, payload);
    }
  });

  test("takes null as absent, in the options and as the options", () => {
    assert.equal(triggerBodySchema.parse({ options: null }).options, undefined);
    const names = Object.keys(triggerOptionsSchema.shape);
    const options = Object.fromEntries(names.map((name) => [name, null]));
    const parsed = Object.values(triggerBodySchema.parse({ options }).options ?? {});
    assert.deepEqual(parsed, Array(names.length).fill(undefined));
  });

  test("drops options that the server does not know", () => {
    const parsed = triggerOptionsSchema.parse({ gates: { key: "a" }, test: true });
    assert.equal(parsed.test, true);
    assert.equal("gates" in parsed, false);
  });

  test("refuses what is no body", () => {
    for (const body of [null, undefined, "text", 1, []]) assert.equal(accepts(body), false, JSON.stringify(body));
  });
});

describe("triggerOptionsSchema", () => {
  const refused: Readonly<Record<string, unknown>> = {
    "an unknown payload type": { payloadType: "text/html" },
    "no attempts": { maxAttempts: 0 },
    "too many attempts": { maxAttempts: 251 },
    "half an attempt": { maxAttempts: 1.5 },
    "a test that is no boolean": { test: "yes" },
    "an empty tag": { tags: "" },
    "a tag that is too long": { tags: ["x".repeat(129)] },
    "a delay that is no time": { delay: "soon" },
    "a delay without a unit": { delay: "10" },
    "a delay of a thousand years": { delay: "52200w" },
    "a ttl that is no duration": { ttl: "1x" },
    "a ttl before now": { ttl: -1 },
    "an empty idempotency key": { idempotencyKey: "" },
    "an idempotency key that is too long": { idempotencyKey: "x".repeat(2_049) },
    "an idempotency key's time that is none": { idempotencyKeyTTL: "forever" },
    "an unknown scope": { idempotencyKeyOptions: { key: "a", scope: "task" } },
    "a queue without a name": { queue: {} },
    "a queue that is a text": { queue: "emails" },
    "a concurrency key that is too long": { concurrencyKey: "x".repeat(257) },
    "a priority below zero": { priority: -1 },
    "a priority above a month": { priority: 2_592_001 },
    "no time to execute": { maxDuration: 0 },
    "metadata that is no object": { metadata: [1] },
    "metadata that is too large": { metadata: { text: "é".repeat(131_072) } },
    "an unknown machine": { machine: "huge" },
    "an empty region": { region: "" },
    "an empty version": { lockToVersion: "" },
    "a wait that is too long": { parentWait: "x".repeat(129) },
    "eleven tags": { tags: Array.from({ length: 11 }, (_, index) => `tag-${index}`) },
  };
  for (const [what, options] of Object.entries(refused)) {
    test(`refuses ${what}`, () => assert.equal(accepts({ options }), false));
  }

  for (const maxAttempts of [1, 250]) {
    test(`accepts ${maxAttempts} attempts`, () => {
      assert.equal(triggerOptionsSchema.parse({ maxAttempts }).maxAttempts, maxAttempts);
    });
  }
});

describe("what is wrong with an option is said with its limit", () => {
  const text = "must be a text of 1 to 128 characters";
  const cases: readonly [options: object, path: string, message: string][] = [
    [{ priority: 2_592_001 }, "priority", "must be a number of seconds from 0 to 2,592,000"],
    [{ priority: "high" }, "priority", "must be a number of seconds from 0 to 2,592,000"],
    [
      { machine: "huge" },
      "machine",
      "must be one of micro, small-1x, small-2x, medium-1x, medium-2x, large-1x, large-2x",
    ],
    [{ maxAttempts: 0 }, "maxAttempts", "must be a whole number from 1 to 250"],
    [{ maxAttempts: 1.5 }, "maxAttempts", "must be a whole number from 1 to 250"],
    [{ maxDuration: 0 }, "maxDuration", "must be a number of seconds above 0"],
    [{ queue: { name: "x".repeat(129) } }, "queue.name", text],
    [{ queue: "mail" }, "queue", 'must be an object such as { "name": "mail" }'],
    [{ idempotencyKey: "x".repeat(2_049) }, "idempotencyKey", "must be a text of 1 to 2,048 characters"],
    [{ region: "" }, "region", text],
    [{ tags: 5 }, "tags", "must be at most 10 tags, each of 1 to 128 characters"],
    [{ concurrencyKey: true }, "concurrencyKey", "must be a text of at most 256 characters"],
    [{ ttl: true }, "ttl", "must be a duration such as 10m, or a number of seconds from 0"],
  ];
  for (const [options, path, message] of cases) {
    test(JSON.stringify(options).slice(0, 40), () => {
      const issue = triggerOptionsSchema.safeParse(options).error?.issues[0];
      assert.deepEqual([issue?.path.join("."), issue?.message], [path, message]);
    });
  }
});

test("reads durations, dates and numbers as their lengths and times", () => {
  const parsed = triggerOptionsSchema.parse({
    delay: "1h30m",
    ttl: "10m",
    idempotencyKeyTTL: "2d",
    concurrencyKey: 7,
    idempotencyKeyOptions: { key: ["a", "b"], scope: "run" },
  });
  assert.deepEqual(parsed.delay, { afterMs: 5_400_000 });
  assert.equal(parsed.ttl, 600);
  assert.equal(triggerOptionsSchema.parse({ ttl: 0 }).ttl, 0);
  assert.equal(parsed.idempotencyKeyTTL, 172_800_000);
  assert.equal(parsed.concurrencyKey, "7");
  assert.deepEqual(parsed.idempotencyKeyOptions, { key: "a-b", scope: "run" });
  assert.deepEqual(delaySchema.parse("2030-01-02T00:00:00Z"), { at: new Date("2030-01-02") });
});

test("one tag may stand alone", () => {
  assert.deepEqual(tagsSchema.parse("a"), ["a"]);
  assert.deepEqual(tagsSchema.parse(["a", "b"]), ["a", "b"]);
  assert.deepEqual(tagsSchema.parse([]), []);
});
