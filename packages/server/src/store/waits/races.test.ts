import assert from "node:assert/strict";
import { test } from "node:test";
import type { Claim } from "../../engine/ports.ts";
import { type Actor, complete, drive, fail, suspend } from "../runs/fixtures/race-stage.ts";
import { type WaitStage, waitStage } from "./fixtures/wait-stage.ts";
import { createWaitStore } from "./wait-store.ts";

// Each pair of verbs that decide about the same waits, in both orders; see ../runs/races.test.ts.

/** A parent that is about to wait for a child, which executes. */
async function parentAndChild(stage: WaitStage): Promise<{ readonly parent: Claim; readonly child: Claim }> {
  const parent = await stage.executing();
  const childId = await stage.child(parent);
  const [child] = await stage.claim();
  assert.equal(child?.runId, childId);
  return { parent, child: { runId: childId, fence: 1 } };
}

/** A parent that waits for a sealed batch of two runs, which execute. */
async function parentAndBatch(stage: WaitStage) {
  const parent = await stage.executing();
  const batchId = await stage.batch(parent);
  await stage.addItems(batchId, 2);
  const children = await stage.claim({ direct: 2 });
  const [first, second] = children;
  assert.ok(first && second);
  return { parent, batchId, first, second };
}

test("suspend and complete: the child ends while its parent is about to wait", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  const [suspended, settled] = await drive(
    stage,
    "waits_lock_awaited",
    ({ waits }) => suspend(stage, waits, parent, "run#1"),
    () => complete(stage, stage.runs, child),
    true,
  );
  assert.deepEqual([suspended.resumed, settled.hasFreed], [[], true]);
  assert.equal(await stage.state(parent.runId), "resuming");
});

test("suspend and complete: the parent waits while its child is about to end", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  const [settled, suspended] = await drive(
    stage,
    "runs_complete",
    ({ runs }) => complete(stage, runs, child),
    () => suspend(stage, stage.waits, parent, "run#1"),
    false,
  );
  assert.deepEqual([suspended.resumed, settled.hasFreed], [[], true]);
  assert.equal(await stage.state(parent.runId), "resuming");
});

test("suspend and complete: the parent would wait while its child ends", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  const [, suspended] = await drive(
    stage,
    "waits_complete",
    ({ runs }) => complete(stage, runs, child),
    () => suspend(stage, stage.waits, parent, "run#1"),
    true,
  );
  assert.equal(suspended.resumed.length, 1);
  assert.equal(await stage.state(parent.runId), "executing");
});

test("suspend and complete: a token is completed while a run is about to wait for it, and after", async (t) => {
  const stage = await waitStage(t);
  for (const after of ["waits_lock_awaited", "runs_suspend"]) {
    const { id } = await stage.waits.createToken(stage.newToken());
    const claim = await stage.executing();
    await stage.open(claim, "token#1", { kind: "join", waitpointId: id });
    const [suspended, completed] = await drive(
      stage,
      after,
      ({ waits }) => suspend(stage, waits, claim, "token#1"),
      () => stage.completeToken(id),
      true,
    );
    assert.deepEqual([suspended.resumed, completed], [[], "completed"]);
    assert.equal(await stage.state(claim.runId), "resuming");
  }
});

test("the last two runs of a batch: one ends while the other is about to", async (t) => {
  const stage = await waitStage(t);
  const { parent, batchId, first, second } = await parentAndBatch(stage);
  await stage.batches.seal(stage.environment.id, batchId);
  await stage.suspend(parent, "batch#1");
  const [one, other] = await drive(
    stage,
    "runs_complete",
    ({ runs }) => complete(stage, runs, first),
    () => complete(stage, stage.runs, second),
    false,
  );
  assert.deepEqual([one.hasFreed, other.hasFreed], [true, false]);
  assert.equal(await stage.state(parent.runId), "resuming");
});

test("the last two runs of a batch: one ends while the other is looked at", async (t) => {
  const stage = await waitStage(t);
  for (const after of ["waits_close", "waits_complete"]) {
    const { parent, batchId, first, second } = await parentAndBatch(stage);
    await stage.batches.seal(stage.environment.id, batchId);
    await stage.suspend(parent, "batch#1");
    const [one, other] = await drive(
      stage,
      after,
      ({ runs }) => complete(stage, runs, first),
      () => complete(stage, stage.runs, second),
      true,
    );
    assert.deepEqual([one.hasFreed, other.hasFreed], [false, true]);
    assert.equal(await stage.state(parent.runId), "resuming");
    await stage.resume();
  }
});

test("seal and complete: the last run of a batch ends while it is sealed, and the other way round", async (t) => {
  const stage = await waitStage(t);
  for (const isSealFirst of [true, false]) {
    const { parent, batchId, first, second } = await parentAndBatch(stage);
    await stage.suspend(parent, "batch#1");
    await stage.complete(first);
    const seal = (batches: Actor["batches"]) => batches.seal(stage.environment.id, batchId);
    if (isSealFirst) {
      const last = () => complete(stage, stage.runs, second);
      await drive(stage, "batches_seal", ({ batches }) => seal(batches), last, true);
    } else {
      const last = ({ runs }: Actor) => complete(stage, runs, second);
      await drive(stage, "waits_close", last, () => seal(stage.batches), true);
    }
    assert.equal(await stage.state(parent.runId), "resuming");
    await stage.resume();
  }
});

test("two that hold what the other needs get through, one after the other", async (t) => {
  const stage = await waitStage(t);
  const grandparent = await stage.executing();
  const parentId = await stage.child(grandparent);
  const [parent] = await stage.claim();
  assert.equal(parent?.runId, parentId);
  await stage.child(parent ?? grandparent);
  const parentClaim = { runId: parentId, fence: 1 };
  // Both suspend in one array: the waitpoint of the parent is locked, and its row is about to be. Whoever ends it comes the other way.
  const [suspended, settled] = await drive(
    stage,
    "waits_lock_awaited",
    ({ waits }) =>
      waits.suspend(stage.environment.id, stage.hostId, [
        { ...grandparent, waits: ["run#1"] },
        { ...parentClaim, waits: ["run#1"] },
      ]),
    () => fail(stage, stage.runs, parentClaim, null),
    true,
  );
  assert.deepEqual(settled.lost, []);
  assert.equal(await stage.outcome(parentId), "failed");
  const wasSeen = suspended.resumed.some((run) => run.runId === grandparent.runId);
  assert.equal(await stage.state(grandparent.runId), wasSeen ? "executing" : "resuming");
});

test("suspend and host loss: the host is lost before what a run goes on with is read", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim, "time#1", -1);
  await stage.runs.promoteDue();
  const { database } = stage;
  const waits = createWaitStore({
    ...database,
    async transaction(statements) {
      const rows = await database.transaction(statements);
      if (statements.some(({ name }) => name === "runs_suspend")) {
        await stage.loseHost();
        await stage.runs.rescue();
      }
      return rows;
    },
  });
  const outcome = await suspend(stage, waits, claim, "time#1");
  assert.deepEqual(outcome, { resumed: [], lost: [claim], hasFreed: false });
});
