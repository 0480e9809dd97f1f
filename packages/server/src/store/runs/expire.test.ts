import assert from "node:assert/strict";
import { test } from "node:test";
import { type WaitStage, waitStage } from "../waits/fixtures/wait-stage.ts";

const ttl = { ttlS: 60 } as const;
const passTime = (stage: WaitStage) =>
  stage.sql("update live_run set expires_at = now() - interval '1 second' where expires_at is not null");

test("runs that are not started in time expire, wherever they wait for their turn", async (t) => {
  const stage = await waitStage(t);
  const [queued = ""] = await stage.trigger(1, ttl);
  const [pending = ""] = await stage.trigger(1, { ...ttl, taskId: "stage.later.run" });
  const early = await stage.runs.promoteDue();
  assert.ok(early.nextDueInMs !== null && early.nextDueInMs > 50_000 && early.nextDueInMs <= 60_000);
  await passTime(stage);
  const outcome = await stage.runs.promoteDue();
  assert.deepEqual(outcome, { environmentIds: [], recalled: [], nextDueInMs: null });
  for (const runId of [queued, pending]) {
    const run = await stage.reader.retrieve(stage.environment.id, runId);
    assert.deepEqual([run?.outcome, run?.attempt], ["expired", 0]);
    assert.match(run?.error?.type === "STRING_ERROR" ? run.error.raw : "", /time to live of 60 seconds/);
  }
});

test("a run that is claimed ahead expires, and its host is told to let go of it", async (t) => {
  const stage = await waitStage(t);
  await stage.trigger(1, ttl);
  const [claimed] = await stage.claim({ direct: 0, ahead: 1 });
  assert.ok(claimed);
  await passTime(stage);
  const { runId, fence } = claimed;
  assert.deepEqual(await stage.runs.promoteDue(), {
    environmentIds: [stage.environment.id],
    recalled: [{ environmentId: stage.environment.id, hostId: stage.hostId, runId, fence }],
    nextDueInMs: null,
  });
  assert.deepEqual((await stage.settle({ started: [{ runId, fence }] })).lost, [{ runId, fence }]);
});

test("a delayed run expires its time to live after it was due", async (t) => {
  const stage = await waitStage(t);
  const [runId = ""] = await stage.trigger(1, { ...ttl, delay: { afterMs: 60_000 } });
  await stage.sql(
    "update live_run set due_at = now() - interval '10 seconds', expires_at = now() + interval '50 seconds'",
  );
  await stage.runs.promoteDue();
  assert.equal(await stage.state(runId), "queued");
  await passTime(stage);
  await stage.runs.promoteDue();
  assert.equal(await stage.outcome(runId), "expired");
});

test("a run that has started no longer expires, and one that goes back expires when it would have", async (t) => {
  const stage = await waitStage(t);
  const direct = await stage.executing(ttl);
  const [ahead = ""] = await stage.trigger(1, ttl);
  const [claimed] = await stage.claim({ direct: 0, ahead: 1 });
  assert.equal(claimed?.runId, ahead);
  await stage.settle({ started: [{ runId: ahead, fence: 1 }] });
  const expiries = async () => {
    const rows = await stage.sql("select run_id, expires_at from live_run where expires_at is not null");
    return rows.map((row) => row.run_id);
  };
  assert.deepEqual(await expiries(), []);
  await stage.settle({ returned: [direct] });
  assert.deepEqual(await expiries(), [direct.runId]);
  const [row] = await stage.sql(
    "select expires_at - created_at = interval '60 seconds' as is_same from live_run join run on id = run_id where expires_at is not null",
  );
  assert.equal(row?.is_same, true);
  await stage.fail({ runId: ahead, fence: 1 }, 0);
  assert.deepEqual(await expiries(), [direct.runId]);
});

test("a parent goes on when the child that it waits for expires", async (t) => {
  const stage = await waitStage(t);
  const parent = await stage.executing();
  await stage.child(parent, "run#1", ttl);
  await stage.suspend(parent, "run#1");
  await passTime(stage);
  assert.deepEqual((await stage.runs.promoteDue()).environmentIds, [stage.environment.id]);
  assert.equal(await stage.state(parent.runId), "resuming");
});

test("two servers expire a run once", async (t) => {
  const stage = await waitStage(t);
  await stage.trigger(3, ttl);
  await passTime(stage);
  await Promise.all(Array.from({ length: 4 }, () => stage.runs.promoteDue()));
  assert.equal((await stage.sql("select from run_failure")).length, 3);
});
