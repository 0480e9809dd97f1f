import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { batchLineSchema, createBatchBodySchema, maxBatchItems } from "./batch.ts";

describe("createBatchBodySchema", () => {
  test("accepts from one item to the most", () => {
    for (const runCount of [1, maxBatchItems])
      assert.equal(createBatchBodySchema.parse({ runCount }).runCount, runCount);
  });

  for (const runCount of [0, maxBatchItems + 1, 1.5, "1", null, undefined]) {
    test(`refuses a batch of ${JSON.stringify(runCount)}`, () => {
      assert.equal(createBatchBodySchema.safeParse({ runCount }).success, false);
    });
  }

  test("refuses a task without a name", () => {
    assert.equal(createBatchBodySchema.safeParse({ runCount: 1, taskIdentifiers: [""] }).success, false);
  });
});

describe("batchLineSchema", () => {
  test("accepts a line with and without options", () => {
    const line = { index: 0, task: "a", payload: { a: 1 } };
    assert.deepEqual(batchLineSchema.parse(line), line);
    assert.deepEqual(batchLineSchema.parse({ ...line, options: null }), { ...line, options: undefined });
    assert.deepEqual(batchLineSchema.parse({ ...line, options: { tags: "x" } }).options?.tags, ["x"]);
  });

  const refused: readonly unknown[] = [
    { task: "a" },
    { index: -1, task: "a" },
    { index: 0 },
    { index: 0, task: "" },
    { index: 0, task: "x".repeat(129) },
    { index: 0, task: "a", options: { maxAttempts: 0 } },
    null,
  ];
  for (const line of refused) {
    test(`refuses ${JSON.stringify(line)?.slice(0, 60)}`, () => {
      assert.equal(batchLineSchema.safeParse(line).success, false);
    });
  }
});
