import assert from "node:assert/strict";
import { test } from "node:test";
import type { BulkActionObject } from "@pawl/contract/api/bulk-actions";
import { UnreachableError } from "./api/client.ts";
import { CommandError } from "./command-error.ts";
import { followBulkAction } from "./follow-bulk-action.ts";

const pending: BulkActionObject = {
  id: "bulk_1",
  type: "REPLAY",
  status: "PENDING",
  counts: { total: 10, success: 0, failure: 0 },
  createdAt: "2026-01-02T03:04:05.000Z",
};
const completed: BulkActionObject = { ...pending, status: "COMPLETED" };

/** Gives one answer after another. */
function answers(...all: readonly (BulkActionObject | Error)[]) {
  const left = [...all];
  return {
    retrieve: async () => {
      const next = left.shift();
      assert.ok(next !== undefined, "it is asked no more than that");
      if (next instanceof Error) throw next;
      return next;
    },
  };
}

test("a bulk action is followed to its end, also while its server is away for a moment", async () => {
  const told: number[] = [];
  const bulk = answers(
    pending,
    new UnreachableError("No server answers."),
    { ...pending, counts: { total: 10, success: 4, failure: 0 } },
    completed,
  );
  assert.equal(await followBulkAction(bulk, "bulk_1", ({ counts }) => told.push(counts.success)), completed);
  assert.deepEqual(told, [0, 4]);
});

test("any other error ends it", async () => {
  const bulk = answers(pending, new CommandError("The key is not known."));
  await assert.rejects(
    followBulkAction(bulk, "bulk_1", () => undefined),
    /The key is not known/,
  );
});
