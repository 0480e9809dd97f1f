import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defaultRetryPolicy, maxAttemptsCap, mergeRetryPolicies, nextRetryDelayMs } from "./retry.ts";

describe("mergeRetryPolicies", () => {
  test("gives the default where nobody says anything", () => {
    assert.deepEqual(mergeRetryPolicies(), defaultRetryPolicy);
    assert.deepEqual(mergeRetryPolicies(undefined, {}), defaultRetryPolicy);
  });

  test("lets a later layer win field by field", () => {
    const merged = mergeRetryPolicies(
      { maxAttempts: 5, factor: 3, minTimeoutInMs: 10, maxTimeoutInMs: 100, randomize: false },
      { factor: 4, randomize: undefined },
    );
    assert.deepEqual(merged, { maxAttempts: 5, factor: 4, minTimeoutInMs: 10, maxTimeoutInMs: 100, randomize: false });
  });

  test("takes a zero and a false for what they say", () => {
    const merged = mergeRetryPolicies({ minTimeoutInMs: 0, randomize: false });
    assert.equal(merged.minTimeoutInMs, 0);
    assert.equal(merged.randomize, false);
  });

  const attempts: readonly (readonly [number, number])[] = [
    [0, 1],
    [-3, 1],
    [1, 1],
    [2.9, 2],
    [250, 250],
    [251, 250],
    [Number.POSITIVE_INFINITY, 250],
  ];
  for (const [given, taken] of attempts) {
    test(`takes ${given} attempts as ${taken}`, () => {
      assert.equal(mergeRetryPolicies({ maxAttempts: given }).maxAttempts, taken);
    });
  }

  test("leaves the default as it is", () => {
    mergeRetryPolicies({ maxAttempts: 9 });
    assert.equal(defaultRetryPolicy.maxAttempts, 3);
  });
});

describe("nextRetryDelayMs", () => {
  const steady = { ...defaultRetryPolicy, maxAttempts: 10, randomize: false };

  test("grows by the factor up to the longest delay", () => {
    const delays = [1, 2, 3, 6, 7, 9].map((attempt) => nextRetryDelayMs(steady, attempt));
    assert.deepEqual(delays, [1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
  });

  test("stretches by the random number, and never past the longest delay", () => {
    const random = { ...steady, randomize: true };
    assert.equal(nextRetryDelayMs(random, 1, 0), 1_000);
    assert.equal(nextRetryDelayMs(random, 1, 0.5), 1_500);
    assert.equal(nextRetryDelayMs(random, 6, 0.999), 60_000);
  });

  test("draws the random number itself when none is given", () => {
    const delayMs = nextRetryDelayMs({ ...steady, randomize: true }, 2) ?? 0;
    assert.ok(delayMs >= 2_000 && delayMs <= 4_000, `${delayMs}`);
  });

  test("ends when the attempts are used up", () => {
    assert.equal(nextRetryDelayMs({ ...steady, maxAttempts: 3 }, 2), 2_000);
    assert.equal(nextRetryDelayMs({ ...steady, maxAttempts: 3 }, 3), null);
    assert.equal(nextRetryDelayMs({ ...steady, maxAttempts: 3 }, 4), null);
    assert.equal(nextRetryDelayMs({ ...steady, maxAttempts: 1 }, 1), null);
  });

  test("ends at the cap whatever the policy says", () => {
    assert.equal(nextRetryDelayMs({ ...steady, maxAttempts: 1_000 }, maxAttemptsCap - 1), 60_000);
    assert.equal(nextRetryDelayMs({ ...steady, maxAttempts: 1_000 }, maxAttemptsCap), null);
  });
});
