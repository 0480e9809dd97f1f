import assert from "node:assert/strict";
import { test } from "node:test";
import { callRetryDelayMs, callRetryPolicy, clientRetryPolicy } from "./retry-rule.ts";

test("waits 1 s, then 1.6 times as long each time", () => {
  const delays = [1, 2, 3, 4, 5].map((attempt) => callRetryDelayMs(clientRetryPolicy, attempt, null));
  assert.deepEqual(delays, [1_000, 1_600, 2_560, 4_096, null]);
  assert.equal(callRetryDelayMs(callRetryPolicy({ maxAttempts: 50 }), 20, null), 30_000);
});

test("a 429 waits for the reset it names, another answer for its retry-after", () => {
  const headers = { "x-ratelimit-reset": String(Date.now() + 5_000) };
  const delayMs = callRetryDelayMs(clientRetryPolicy, 1, { status: 429, headers, text: "" }) ?? 0;
  assert.ok(delayMs > 4_000 && delayMs <= 6_000, String(delayMs));
  assert.equal(
    callRetryDelayMs(clientRetryPolicy, 1, { status: 503, headers: { "retry-after": "7" }, text: "" }),
    7_000,
  );
});
