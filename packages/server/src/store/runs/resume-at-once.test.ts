import assert from "node:assert/strict";
import { test } from "node:test";
import type { Claim, RunStore } from "../../engine/ports.ts";
import { output, type WaitStage, waitStage } from "../waits/fixtures/wait-stage.ts";
import { drive, settlement, suspend } from "./fixtures/race-stage.ts";
import { limitedTask } from "./fixtures/run-stage.ts";

/** A parent that is about to wait for a child, which executes. */
async function parentAndChild(
  stage: WaitStage,
  taskId?: string,
): Promise<{ readonly parent: Claim; readonly child: Claim }> {
  const parent = await stage.executing(taskId === undefined ? {} : { taskId });
  const childId = await stage.child(parent);
  const [child] = await stage.claim();
  assert.equal(child?.runId, childId);
  return { parent, child: { runId: childId, fence: 1 } };
}

async function connection(stage: WaitStage): Promise<number> {
  const [host] = await stage.sql("select connection from host where id = $1", [stage.hostId]);
  return Number(host?.connection);
}

/** Completes a run; who waits for it is to go on at once. */
async function end(stage: WaitStage, runs: RunStore, { runId, fence }: Claim, resumesOn?: number) {
  const on = resumesOn ?? (await connection(stage));
  return runs.settle({ ...settlement(stage), completed: [{ runId, fence, ...output }], resumesOn: on });
}

test("the transaction that ends a child lets its parent go on, with the result", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  await stage.suspend(parent, "run#1");
  const outcome = await end(stage, stage.runs, child);
  assert.equal(outcome.hasFreed, false);
  const [resumed, ...others] = outcome.resumed ?? [];
  assert.deepEqual([resumed?.runId, resumed?.fence, others], [parent.runId, parent.fence, []]);
  const result = resumed?.waits[0]?.result;
  assert.ok(result?.kind === "run" && result.run.ok);
  assert.equal(result.run.output, output.output);
  const live = await stage.liveRun(parent.runId);
  assert.deepEqual([live?.state, live?.holds_slot], ["executing", true]);
  assert.deepEqual(await stage.resume(), []);
});

test("a parent whose limit is reached waits for its slot", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage, limitedTask);
  await stage.suspend(parent, "run#1");
  const others = [await stage.executing({ taskId: limitedTask }), await stage.executing({ taskId: limitedTask })];
  const outcome = await end(stage, stage.runs, child);
  assert.deepEqual([outcome.hasFreed, outcome.resumed], [true, []]);
  assert.equal(await stage.state(parent.runId), "resuming");
  for (const other of others) await stage.complete(other);
  assert.equal((await stage.resume()).length, 1);
});

test("a parent is left to a claim where the connection is an earlier one, or nobody asks for more", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  await stage.suspend(parent, "run#1");
  const outcome = await end(stage, stage.runs, child, (await connection(stage)) - 1);
  assert.deepEqual([outcome.hasFreed, outcome.resumed], [true, []]);
  assert.equal((await stage.resume()).length, 1);
});

test("a run that ends before its parent waits for it lets nobody go on", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  const outcome = await end(stage, stage.runs, child);
  assert.deepEqual([outcome.hasFreed, outcome.resumed], [false, []]);
  assert.equal((await stage.suspend(parent, "run#1")).resumed.length, 1);
});

test("suspend and resume at once: the child ends while its parent is about to wait", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  const [suspended, settled] = await drive(
    stage,
    "runs_suspend",
    ({ waits }) => suspend(stage, waits, parent, "run#1"),
    () => end(stage, stage.runs, child),
    true,
  );
  assert.deepEqual([suspended.resumed, settled.resumed?.length, settled.hasFreed], [[], 1, false]);
  assert.equal(await stage.state(parent.runId), "executing");
});

test("claim and resume at once: a claim has the lock, so the parent is left to the next one", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  await stage.suspend(parent, "run#1");
  const [claimed, settled] = await drive(
    stage,
    "environment_lock",
    ({ runs }) => runs.claim(stage.claimRequest({ direct: 0 })),
    () => end(stage, stage.runs, child),
    false,
  );
  assert.deepEqual([settled.resumed, settled.hasFreed], [[], true]);
  const next = claimed.resumed.length > 0 ? claimed.resumed : await stage.resume();
  assert.deepEqual(
    next.map((run) => run.runId),
    [parent.runId],
  );
});

test("claim and resume at once: a claim waits for the lock, and finds that the parent goes on", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  await stage.suspend(parent, "run#1");
  for (const after of ["environment_try_lock", "runs_resume_at_once"]) {
    const [settled, resumed] = await drive(
      stage,
      after,
      ({ runs }) => end(stage, runs, child),
      () => stage.resume(),
      true,
    );
    assert.deepEqual([settled.resumed?.length, resumed], [1, []]);
    if (after === "runs_resume_at_once") break;
    const childId = await stage.child(parent, "run#2");
    const [next] = await stage.claim();
    assert.equal(next?.runId, childId);
    Object.assign(child, { runId: childId });
    await stage.suspend(parent, "run#2");
  }
});

test("limits hold while parents go on at once and claims start others", async (t) => {
  const stage = await waitStage(t);
  await stage.sql("update environment set concurrency_limit = 2");
  const { parent, child } = await parentAndChild(stage);
  await stage.suspend(parent, "run#1");
  await stage.trigger(3);
  const [settled, claimed] = await drive(
    stage,
    "runs_resume_at_once",
    ({ runs }) => end(stage, runs, child),
    () => stage.claim({ direct: 3 }),
    true,
  );
  assert.deepEqual([settled.resumed?.length, claimed.length], [1, 1]);
});
