import assert from "node:assert/strict";
import { test } from "node:test";
import { type Point, slopeOf } from "./slope.ts";

/** The same noise in each test. */
const noise = [0.3, -0.2, 0.1, -0.4, 0.2, 0.4, -0.3, -0.1];

const line = (slope: number, height: number): readonly Point[] =>
  noise.map((off, x) => ({ x, y: height + slope * x + off }));

test("What only swings is not above zero for certain, and what grows is", () => {
  const flat = slopeOf([line(0, 50)]);
  assert.ok(Math.abs(flat.slope) < 0.05 && flat.atLeast < 0, JSON.stringify(flat));
  const growing = slopeOf([line(0.5, 50)]);
  assert.ok(Math.abs(growing.slope - 0.5) < 0.05 && growing.atLeast > 0.3, JSON.stringify(growing));
});

test("A process that is replaced by a smaller one does not hide that both grow", () => {
  const later = line(0.5, 10).map(({ x, y }) => ({ x: x + noise.length, y }));
  assert.ok(slopeOf([line(0.5, 50), later]).atLeast > 0.3);
  assert.ok(slopeOf([[...line(0.5, 50), ...later]]).slope < 0, "in one group it would");
});

test("Two points of one process say nothing", () => {
  const points = [
    { x: 0, y: 0 },
    { x: 1, y: 9 },
  ];
  assert.equal(slopeOf([points]).atLeast, Number.NEGATIVE_INFINITY);
  assert.equal(slopeOf([]).atLeast, Number.NEGATIVE_INFINITY);
});
