import assert from "node:assert/strict";
import { test } from "node:test";
import { RunPace } from "./run-pace.ts";

function paceOf(durationMs: number, runs: number): RunPace {
  const pace = new RunPace();
  for (let i = 0; i < runs; i++) pace.observe(durationMs);
  return pace;
}

test("begins with one run ahead for each process, and one run in each", () => {
  assert.equal(new RunPace().aheadPerProcess, 1);
  assert.equal(paceOf(0.1, 7).aheadPerProcess, 1);
  assert.equal(paceOf(0.1, 7).runsPerProcess, 1);
});

test("the shorter the runs, the more are held ahead", () => {
  assert.equal(paceOf(20, 8).aheadPerProcess, 2);
  assert.equal(paceOf(5, 8).aheadPerProcess, 8);
  assert.ok(paceOf(0.1, 8).aheadPerProcess > 100);
});

test("nothing is held ahead while runs are not short", () => {
  assert.equal(paceOf(25, 1).aheadPerProcess, 0);
  assert.equal(paceOf(2_000, 8).aheadPerProcess, 0);
});

test("one long run among short ones stops it, and short ones bring it back", () => {
  const pace = paceOf(1, 100);
  pace.observe(2_000);
  assert.equal(pace.aheadPerProcess, 0);
  for (let i = 0; i < 40; i++) pace.observe(1);
  assert.ok(pace.aheadPerProcess > 0);
});

test("only very short runs go to a process several at a time", () => {
  assert.equal(paceOf(3, 20).runsPerProcess, 1);
  assert.ok(paceOf(0.2, 20).runsPerProcess > 1);
});
