import assert from "node:assert/strict";
import { test } from "node:test";
import { runStage } from "./fixtures/run-stage.ts";

async function delayedRun(t: Parameters<typeof runStage>[0]) {
  const stage = await runStage(t);
  const claim = await stage.executing();
  const error = { type: "STRING_ERROR", raw: "no" } as const;
  await stage.settle({
    failed: [{ ...claim, error, outcome: "failed", durationMs: 1, retryDelayMs: 60_000, isRetriedInPlace: false }],
  });
  return { stage, runId: claim.runId };
}

test("a delayed run waits for its time, and the answer says how long", async (t) => {
  const { stage, runId } = await delayedRun(t);
  const { environmentIds, nextDueInMs } = await stage.runs.promoteDue();
  assert.deepEqual(environmentIds, []);
  assert.ok(nextDueInMs !== null && nextDueInMs > 50_000 && nextDueInMs <= 60_000);
  assert.equal((await stage.liveRun(runId))?.state, "delayed");
});

test("a delayed run whose time has come is queued where its time puts it", async (t) => {
  const { stage, runId } = await delayedRun(t);
  await stage.sql("update live_run set due_at = now() - interval '1 minute'");
  const due = (await stage.liveRun(runId))?.due_at;
  assert.deepEqual((await stage.runs.promoteDue()).environmentIds, [stage.environment.id]);
  const live = await stage.liveRun(runId);
  assert.equal(live?.state, "queued");
  assert.deepEqual(live?.order_at, due);
});

test("two servers promote a run once", async (t) => {
  const { stage } = await delayedRun(t);
  await stage.sql("update live_run set due_at = now()");
  const rounds = await Promise.all(Array.from({ length: 4 }, () => stage.runs.promoteDue()));
  assert.equal(rounds.flatMap((round) => round.environmentIds).length, 1);
});
