import assert from "node:assert/strict";
import { test } from "node:test";
import { waitStage } from "../waits/fixtures/wait-stage.ts";
import { lockEnvironment } from "./claim.ts";
import { claimRuns } from "./claim-lanes.ts";
import { claimPlainRuns } from "./claim-plain.ts";
import { completeRuns } from "./complete.ts";
import { failRuns } from "./fail.ts";
import { assertBounded, indexesOf, plansOf } from "./fixtures/plans.ts";
import { insertRunsWithOptions } from "./insert-with-options.ts";
import { openLanes } from "./lanes.ts";
import { waitResultsOf } from "./wait-results.ts";

test("a plan that is made while partitions are empty finds runs by their ids, not among all of their environment", async (t) => {
  const stage = await waitStage(t);
  const { id } = stage.environment;
  const claim = { runId: stage.newRun().id, fence: 1 };
  const completion = { ...claim, output: null, outputType: "application/json" as const, durationMs: 1 };
  const failure = {
    ...claim,
    error: { type: "STRING_ERROR", raw: "no" },
    outcome: "failed",
    durationMs: 1,
    retryDelayMs: null,
    isRetriedInPlace: false,
  } as const;
  const plans = await plansOf(stage, [
    lockEnvironment(id),
    openLanes(id),
    claimRuns(stage.claimRequest()),
    claimPlainRuns(stage.claimRequest()),
    completeRuns(id, stage.hostId, [completion]),
    failRuns(id, stage.hostId, [failure]),
    insertRunsWithOptions([stage.newRun({ parent: stage.parentOf(claim, "run#1") })]),
    waitResultsOf(id, [claim]),
  ]);
  for (const [name, plan] of plans) {
    const indexes = indexesOf(plan).filter((index) => index?.startsWith("run_2") === true);
    assert.ok(
      indexes.every((index) => index?.endsWith("_pkey")),
      `${name}: ${indexes}`,
    );
  }
  assert.ok(
    indexesOf(plans.get("waits_read_results") ?? assert.fail()).some((index) => /^run_2\d+_pkey$/.test(`${index}`)),
  );
});

test("the results of a run's wait are found by their keys, however many waits it and others have had", async (t) => {
  const stage = await waitStage(t);
  const parents = [await stage.executing(), await stage.executing()];
  for (const parent of parents) for (let n = 0; n < 40; n++) await stage.sleep(parent, `time#${n}`, -1);
  await stage.runs.promoteDue();
  const [parent = assert.fail()] = parents;
  const childId = await stage.child(parent);
  await stage.suspend(parent, "run#1");
  const [child = assert.fail()] = await stage.claim();
  assert.equal(child.runId, childId);
  await stage.complete(child);
  const plans = await plansOf(stage, [waitResultsOf(stage.environment.id, [parent])]);
  assertBounded("waits_read_results", plans.get("waits_read_results") ?? assert.fail(), { rows: 41, pages: 40 });
});
