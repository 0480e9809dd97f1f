import assert from "node:assert/strict";
import { test } from "node:test";
import { renderComparison } from "./comparison.ts";

const result = (name: string, unit: string, samples: readonly number[]) => {
  const median = [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
  return { name, unit, median, samples };
};

test("A difference counts only where the samples of both do not overlap, and what is better depends on the unit", () => {
  const before = [
    result("rate_per_s", "/s", [900, 1_000, 1_100]),
    result("latency_ms", "ms", [4, 5, 6]),
    result("noisy_per_s", "/s", [500, 1_000, 1_500]),
    result("once_ms", "ms", [5]),
    result("gone_ms", "ms", [5, 5]),
  ];
  const now = [
    result("rate_per_s", "/s", [1_400, 1_500, 1_600]),
    result("latency_ms", "ms", [9, 10, 11]),
    result("noisy_per_s", "/s", [800, 1_100, 1_200]),
    result("once_ms", "ms", [10]),
    result("new_ms", "ms", [1, 1]),
  ];
  const [, rate = "", latency = "", noisy = "", once = "", ...more] = renderComparison(before, now);
  assert.match(rate, /^rate_per_s +1,000 +1,500 +\/s +1\.50 × +1\.27–1\.78 +better$/);
  assert.match(latency, /2\.00 × +1\.50–2\.75 +WORSE$/);
  assert.match(noisy, /1\.10 × +0\.53–2\.40 +within the noise$/);
  assert.match(once, /2\.00 × +one sample$/);
  assert.deepEqual(more, []);
});

test("Results without a common figure say so", () => {
  assert.deepEqual(renderComparison([result("a", "ms", [1])], [result("b", "ms", [1])]), [
    "The two have no figure in common.",
  ]);
});
