import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import type { RunResult } from "@pawl/contract/worker-protocol";
import { withRetry } from "./next-attempt.ts";

const policy = { ...defaultRetryPolicy, randomize: false };
const claim = { runId: "run_1", fence: 1, durationMs: 1 };
const failed: RunResult = { ...claim, kind: "failed", error: { type: "STRING_ERROR", raw: "no" } };

test("a failed attempt is repeated after the delay of its task's policy", () => {
  assert.deepEqual(withRetry(failed, { attempt: 2, maxAttempts: 3 }, policy), { ...failed, retry: { delayMs: 2_000 } });
});

test("the run's own number of attempts counts", () => {
  assert.equal(withRetry(failed, { attempt: 1, maxAttempts: 1 }, policy), failed);
  assert.deepEqual(withRetry(failed, { attempt: 4, maxAttempts: 5 }, policy), { ...failed, retry: { delayMs: 8_000 } });
});

test("code that decided by itself has the last word", () => {
  const never: RunResult = { ...failed, retry: { never: true } };
  assert.equal(withRetry(never, { attempt: 1, maxAttempts: 3 }, policy), never);
});

test("a completed run and an unknown task stay as they are", () => {
  const completed: RunResult = { ...claim, kind: "completed", outputType: "application/json" };
  assert.equal(withRetry(completed, { attempt: 1, maxAttempts: 3 }, policy), completed);
  assert.equal(withRetry(failed, { attempt: 1, maxAttempts: 3 }, undefined), failed);
});
