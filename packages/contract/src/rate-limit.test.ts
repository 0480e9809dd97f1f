import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultBurst, rateLimitSchema } from "./rate-limit.ts";

test("a period is read as a duration or in milliseconds", () => {
  assert.deepEqual(rateLimitSchema.parse({ limit: 100, period: "1m" }), { limit: 100, period: 60_000 });
  assert.deepEqual(rateLimitSchema.parse({ limit: 1, period: 250, burst: 1 }), { limit: 1, period: 250, burst: 1 });
});

test("what can't be a rate is refused with its field and what would be right", () => {
  const refusals = [
    [{ limit: 0, period: "1s" }, "limit", /to keep everything back, pause the queue/],
    [{ limit: 1_000_001, period: "1s" }, "limit", /from 1 to 1,000,000/],
    [{ limit: 5, period: "1s", burst: 6 }, "burst", /from 1 to the limit/],
    [{ limit: 5, period: "1s", burst: 0 }, "burst", /from 1 to the limit/],
    [{ limit: 5, period: "1 s" }, "period", /a duration such as 1s or 5m/],
    [{ limit: 5, period: 0.5 }, "period", /of a week at most/],
    [{ limit: 5, period: "8d" }, "period", /of a week at most/],
    [{ limit: 5 }, "period", /must be a duration/],
  ] as const;
  for (const [rate, field, message] of refusals) {
    const [issue] = rateLimitSchema.safeParse(rate).error?.issues ?? [];
    assert.deepEqual(issue?.path, [field], JSON.stringify(rate));
    assert.match(issue?.message ?? "", message);
  }
});

test("without a word a tenth of a second's worth may come at once, and one at least", () => {
  const bursts = [
    [100, 1_000, 10],
    [20, 1_000, 2],
    [10, 60_000, 1],
    [5, 50, 5],
    [1, 1, 1],
  ] as const;
  for (const [limit, period, burst] of bursts) assert.equal(defaultBurst({ limit, period }), burst);
});
