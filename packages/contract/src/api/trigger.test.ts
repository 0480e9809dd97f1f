import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tagsSchema, triggerBodySchema, triggerOptionsSchema } from "./trigger.ts";

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
    const options = { payloadType: null, payloadSize: null, maxAttempts: null, tags: null, test: null };
    assert.deepEqual(Object.values(triggerBodySchema.parse({ options }).options ?? {}), Array(5).fill(undefined));
  });

  test("drops options that the server does not know", () => {
    assert.deepEqual(triggerOptionsSchema.parse({ ttl: "1h", test: true, lockToVersion: "1" }).test, true);
    assert.equal("ttl" in triggerOptionsSchema.parse({ ttl: "1h" }), false);
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

test("one tag may stand alone", () => {
  assert.deepEqual(tagsSchema.parse("a"), ["a"]);
  assert.deepEqual(tagsSchema.parse(["a", "b"]), ["a", "b"]);
  assert.deepEqual(tagsSchema.parse([]), []);
});
