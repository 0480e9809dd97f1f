import assert from "node:assert/strict";
import { test } from "node:test";
import { task } from "./define-task.ts";
import { queue } from "./queue.ts";

const rate = { limit: 100, period: "1m", burst: 20 };

test("a queue keeps the rates that it is given, as they are written", () => {
  const mail = queue({ name: "mail", rateLimit: rate, combinedRateLimit: { limit: 10, period: 1_000 } });
  assert.deepEqual(mail.rateLimit, rate);
  assert.deepEqual(mail.combinedRateLimit, { limit: 10, period: 1_000 });
});

test("a rate that can't be right is refused where it is written, with what would be", () => {
  const refusals = [
    [
      { limit: 0, period: "1s" },
      /The rateLimit of queue q has a limit of 0; .*from 1 to 1,000,000\. .*pause the queue\./,
    ],
    [{ limit: 1.5, period: "1s" }, /has a limit of 1\.5/],
    [{ limit: 2_000_000, period: "1s" }, /has a limit of 2000000/],
    [{ limit: 5, period: "1s", burst: 6 }, /has a burst of 6; it must be a whole number from 1 to its limit of 5\./],
    [{ limit: 5, period: "1s", burst: 0 }, /has a burst of 0/],
    [
      { limit: 5, period: "soon" },
      /has a period of soon; write it as 1s, 5m or 1h, or in milliseconds, a week at most\./,
    ],
    [{ limit: 5, period: 0 }, /has a period of 0/],
    [{ limit: 5, period: "8d" }, /has a period of 8d/],
  ] as const;
  for (const [rateLimit, message] of refusals) {
    assert.throws(() => queue({ name: "q", rateLimit }), message);
    assert.throws(() => queue({ name: "q", rateLimit }), TypeError);
  }
  assert.throws(
    () => queue({ name: "q", combinedRateLimit: { limit: 0, period: "1s" } }),
    /The combinedRateLimit of queue q/,
  );
  // A caller without types.
  assert.throws(() => queue({ name: "q", rateLimit: 100 as unknown as typeof rate }), /is 100; write it as \{ limit/);
});

test("the settings of a task's own queue are checked as well", () => {
  assert.throws(
    () => task({ id: "queue.test.bad", queue: { rateLimit: { limit: 0, period: "1s" } }, run: () => 1 }),
    /The rateLimit of queue task\/queue\.test\.bad has a limit of 0/,
  );
  assert.throws(
    () => task({ id: "queue.test.worse", queue: { concurrencyLimit: -1 }, run: () => 1 }),
    /The concurrencyLimit of queue task\/queue\.test\.worse is -1/,
  );
});
