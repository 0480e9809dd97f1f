import assert from "node:assert/strict";
import { test } from "node:test";
import { barScale } from "./bar-scale.ts";

test("Values that lie near each other have bars from zero", () => {
  const { isLogarithmic, share, ticks } = barScale([3_000, 1_500, 4_500]);
  assert.equal(isLogarithmic, false);
  assert.equal(share(3_000), share(1_500) * 2);
  assert.equal(share(4_500), 1);
  assert.deepEqual(ticks, [0, 1_000, 2_000, 3_000, 4_000]);
});

test("Values that lie far apart have a logarithmic scale on which the least can be seen", () => {
  const { isLogarithmic, share, ticks } = barScale([31, 20_000, 0]);
  assert.equal(isLogarithmic, true);
  assert.ok(share(31) > 0);
  assert.equal(share(0), 0);
  assert.equal(share(20_000), 1);
  assert.ok(Math.abs(share(1_000) - share(100) - (share(10_000) - share(1_000))) < 1e-9);
  assert.deepEqual(ticks, [100, 1_000, 10_000]);
});

test("Ratios have bars from zero however far they lie apart", () => {
  assert.equal(barScale([0.01, 1.1], true).isLogarithmic, false);
});
