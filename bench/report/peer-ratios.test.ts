import assert from "node:assert/strict";
import { test } from "node:test";
import { renderComparison } from "./comparison.ts";
import { withPeerRatios } from "./peer-ratios.ts";

const result = (name: string, unit: string, samples: readonly number[]) => ({
  name,
  unit,
  median: samples[1] ?? 0,
  samples,
});

const measured = (speed: number, pawl: number) => [
  result("pawl.end_to_end_per_s", "/s", [1_900 * speed * pawl, 2_000 * speed * pawl, 2_100 * speed * pawl]),
  result("pg-boss.end_to_end_per_s", "/s", [4_000 * speed, 4_000 * speed, 4_000 * speed]),
  result("dbos.end_to_end_per_s", "/s", [1_000 * speed]),
];

test("Pawl's ratio to a peer is compared beside the figures, and says nothing of a faster machine", () => {
  const lines = renderComparison(withPeerRatios(measured(1, 1)), withPeerRatios(measured(2, 1)));
  assert.match(lines.at(-1) ?? "", /^pawl\.end_to_end_per_s ÷ pg-boss +0\.5 +0\.5 +× +1\.00 × .* within the noise$/);
  assert.equal(
    lines.some((line) => line.includes("÷ dbos")),
    false,
    "one sample has no noise",
  );
  const better = renderComparison(withPeerRatios(measured(1, 1)), withPeerRatios(measured(1, 3)));
  assert.match(better.at(-1) ?? "", /better$/);
});
