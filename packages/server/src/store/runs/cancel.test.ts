import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { type WaitStage, waitStage } from "../waits/fixtures/wait-stage.ts";

const cancel = (stage: WaitStage, ...runIds: string[]) => stage.runs.cancel(stage.environment.id, runIds);

test("a run without a process ends at once, whatever it waits for", async (t) => {
  const stage = await waitStage(t);
  const [queued = ""] = await stage.trigger(1);
  const [delayed = ""] = await stage.trigger(1, { delay: { afterMs: 60_000 } });
  const [pending = ""] = await stage.trigger(1, { taskId: "stage.later.run" });
  const retried = await stage.executing({ taskId: "stage.plain.run", queueName: "other" });
  await stage.fail(retried, 60_000);
  const runIds = [queued, delayed, pending, retried.runId];
  const outcome = await cancel(stage, ...runIds);
  assert.deepEqual([...outcome.finished].sort(), [...runIds].sort());
  assert.deepEqual([outcome.cancelling, outcome.recalled, outcome.already, outcome.notFound], [[], [], [], []]);
  for (const runId of runIds) {
    const run = await stage.reader.retrieve(stage.environment.id, runId);
    assert.equal(run?.outcome, "canceled");
    assert.equal(run?.error?.type === "INTERNAL_ERROR" && run.error.code, "TASK_RUN_CANCELLED");
  }
});

test("a run that is claimed ahead ends at once, and its host is told to let go of it", async (t) => {
  const stage = await waitStage(t);
  await stage.trigger(1);
  const [claimed] = await stage.claim({ direct: 0, ahead: 1 });
  assert.ok(claimed);
  const { runId, fence } = claimed;
  const outcome = await cancel(stage, runId);
  assert.deepEqual(outcome.recalled, [{ environmentId: stage.environment.id, hostId: stage.hostId, runId, fence }]);
  assert.deepEqual((await stage.settle({ started: [{ runId, fence }] })).lost, [{ runId, fence }]);
});

test("a run that executes or waits is asked to end, and keeps no slot that it did not have", async (t) => {
  const stage = await waitStage(t);
  const [executing, waiting, resuming] = [await stage.executing(), await stage.waiting(), await stage.executing()];
  await stage.sleep(resuming, "time#1", -1);
  await stage.suspend(resuming, "time#1");
  await stage.runs.promoteDue();
  const claims = [executing, waiting, resuming];
  const heldClaims = claims.map((claim) => ({ ...claim, environmentId: stage.environment.id, hostId: stage.hostId }));
  const byId = (one: { runId: string }, other: { runId: string }) => one.runId.localeCompare(other.runId);
  for (let times = 0; times < 2; times++) {
    const outcome = await cancel(stage, ...claims.map((claim) => claim.runId));
    assert.deepEqual([...outcome.cancelling].sort(byId), heldClaims.sort(byId));
  }
  const slots = [];
  for (const claim of claims) {
    const live = await stage.liveRun(claim.runId);
    assert.equal(live?.state, "cancelling");
    slots.push(live?.holds_slot);
  }
  assert.deepEqual(slots, [true, false, false]);
  const orders = await stage.runs.hostOrders(stage.environment.id, [stage.hostId, newUuid()]);
  assert.deepEqual([...orders.cancelling].sort(byId), heldClaims);
  assert.deepEqual(await stage.resume(), []);
});

test("a cancelled run ends as canceled, however its host reports it", async (t) => {
  const stage = await waitStage(t);
  const endings: readonly ((claim: { runId: string; fence: number }) => Promise<unknown>)[] = [
    stage.complete,
    (claim) => stage.fail(claim, 0),
    (claim) => stage.settle({ returned: [claim] }),
    (claim) => stage.settle({ orphaned: [claim] }),
    (claim) => stage.runs.endCancelling(stage.environment.id, [claim.runId]),
    () => stage.runs.reconcile(stage.environment.id, stage.hostId, []),
  ];
  for (const [index, end] of endings.entries()) {
    const claim = index % 2 === 0 ? await stage.executing() : await stage.waiting();
    await cancel(stage, claim.runId);
    await end(claim);
    const run = await stage.reader.retrieve(stage.environment.id, claim.runId);
    assert.deepEqual([run?.outcome, run?.output, run?.failedAttempts.length], ["canceled", null, 1], String(index));
  }
});

test("the runs of a lost host that were being cancelled end as canceled", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await cancel(stage, claim.runId);
  await stage.loseHost();
  await stage.runs.rescue();
  assert.equal(await stage.outcome(claim.runId), "canceled");
});

test("what has ended stays as it is, and is told from what there is not", async (t) => {
  const stage = await waitStage(t);
  const [completed, canceled] = [await stage.executing(), await stage.executing()];
  await stage.complete(completed);
  await cancel(stage, canceled.runId);
  await stage.complete(canceled);
  const missing = newUuid();
  const outcome = await cancel(stage, completed.runId, canceled.runId, missing);
  assert.deepEqual([...outcome.already].sort(), [completed.runId, canceled.runId].sort());
  assert.deepEqual([outcome.canceledBefore, outcome.notFound], [[canceled.runId], [missing]]);
  assert.equal(await stage.outcome(completed.runId), "completed");
});

test("only cancelled runs are ended for their hosts", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.runs.endCancelling(stage.environment.id, [claim.runId]);
  assert.equal(await stage.state(claim.runId), "executing");
});

test("a parent goes on when the child that it waits for is cancelled", async (t) => {
  const stage = await waitStage(t);
  const parent = await stage.executing();
  const childId = await stage.child(parent);
  await stage.suspend(parent, "run#1");
  await cancel(stage, childId);
  const [resumed] = await stage.resume();
  const result = resumed?.waits[0]?.result;
  assert.ok(result?.kind === "run" && !result.run.ok);
  assert.equal(result.run.error?.type === "INTERNAL_ERROR" && result.run.error.code, "TASK_RUN_CANCELLED");
});

test("the children of runs are found in pages, the live ones and the canceled ones", async (t) => {
  const stage = await waitStage(t);
  const parent = await stage.executing();
  const childIds: string[] = [];
  for (let index = 0; index < 3; index++) childIds.push(await stage.child(parent, `run#${index}`));
  childIds.sort();
  const [first = "", second = "", third = ""] = childIds;
  const live = (after: string | null) => stage.runs.liveChildren(stage.environment.id, [parent.runId], after);
  const canceled = (after: string | null) => stage.runs.canceledChildren(stage.environment.id, [parent.runId], after);
  assert.deepEqual([await live(null), await live(first), await live(third)], [childIds, [second, third], []]);
  await cancel(stage, second, third);
  assert.deepEqual(
    [await live(null), await canceled(null), await canceled(second)],
    [[first], [second, third], [third]],
  );
});

test("a host is told to give back what it has claimed ahead of a pause", async (t) => {
  const stage = await waitStage(t);
  await stage.trigger(2, { queueName: "paused" });
  await stage.trigger(1);
  const [started] = await stage.claim();
  const ahead = await stage.claim({ direct: 0, ahead: 3 });
  assert.equal(ahead.length, 2);
  const orders = () => stage.runs.hostOrders(stage.environment.id, [stage.hostId]);
  assert.deepEqual(await orders(), { cancelling: [], recalled: [] });
  await stage.sql("update queue set is_paused = true where name = 'paused'");
  const recalled = (await orders()).recalled.map((claim) => claim.runId);
  const paused = ahead.filter((run) => run.queueName === "paused").map((run) => run.runId);
  assert.deepEqual([...recalled].sort(), [...paused].sort());
  await stage.sql("update environment set is_paused = true");
  assert.equal((await orders()).recalled.length, 2);
  assert.ok(started);
  await stage.complete(started);
});
