import assert from "node:assert/strict";
import { test } from "node:test";
import { holdLock, raceDatabase, untilBlocked } from "@pawl/testkit";
import { createHostStore } from "../hosts.ts";
import { type WaitStage, waitStage } from "../waits/fixtures/wait-stage.ts";
import { runStage } from "./fixtures/run-stage.ts";
import { createRunStore } from "./run-store.ts";

test("the runs of a lost host are queued again; only those that executed have used an attempt", async (t) => {
  const stage = await runStage(t);
  const executing = await stage.executing();
  const [ahead = ""] = await stage.trigger(1);
  await stage.claim({ direct: 0, ahead: 1 });
  await stage.loseHost();
  const outcome = await stage.runs.rescue();
  assert.deepEqual(outcome, { environmentIds: [stage.environment.id], rescued: 2 });
  const [first, second] = [await stage.liveRun(executing.runId), await stage.liveRun(ahead)];
  assert.deepEqual([first?.state, first?.attempt, first?.lost_count], ["queued", 1, 1]);
  assert.deepEqual([second?.state, second?.attempt, second?.lost_count, second?.version_id], ["queued", 0, 0, null]);
  assert.equal((await stage.sql("select from host")).length, 0);
});

test("a lost run without an attempt left ends, and says that its host was lost", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing({ maxAttempts: 1 });
  await stage.loseHost();
  await stage.runs.rescue();
  const run = await stage.reader.retrieve(stage.environment.id, claim.runId);
  assert.equal(run?.outcome, "system_failure");
  assert.deepEqual(run?.error?.type === "INTERNAL_ERROR" && run.error.code, "TASK_RUN_STALLED_EXECUTING");
  assert.equal(run?.attempt, 1);
});

test("a host whose lease runs keeps its runs", async (t) => {
  const stage = await runStage(t);
  await stage.executing();
  assert.deepEqual(await stage.runs.rescue(), { environmentIds: [], rescued: 0 });
});

test("a result that comes after the rescue changes nothing", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing();
  await stage.loseHost();
  await stage.runs.rescue();
  const late = { ...claim, output: null, outputType: "application/json", durationMs: 1 } as const;
  const outcome = await stage.settle({ completed: [late] });
  assert.deepEqual(outcome.lost, [claim]);
  assert.equal((await stage.liveRun(claim.runId))?.state, "queued");
});

test("a result that commits while the rescuer comes is the end of the run", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing();
  await stage.loseHost();
  const races = raceDatabase(stage.database);
  const point = races.hold("runs_rescue", "before");
  const rescuing = createRunStore(races.database).rescue();
  await point.reached;
  await stage.settle({ completed: [{ ...claim, output: "1", outputType: "application/json", durationMs: 1 }] });
  point.release();
  assert.equal((await rescuing).rescued, 0);
  assert.equal((await stage.reader.retrieve(stage.environment.id, claim.runId))?.outcome, "completed");
});

test("a result that waits for the rescuer's lock finds its claim gone", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing();
  await stage.loseHost();
  const lock = await holdLock(stage.database, "select from live_run for update");
  const rescuing = stage.runs.rescue();
  await untilBlocked(stage.database);
  const settling = stage.settle({
    completed: [{ ...claim, output: "1", outputType: "application/json", durationMs: 1 }],
  });
  await untilBlocked(stage.database, 2);
  await lock.release();
  const [rescued, settled] = await Promise.all([rescuing, settling]);
  assert.equal(rescued.rescued + (1 - settled.lost.length), 1, "one of the two had the run");
});

test("a lease that is renewed before the rescuer locks the host is kept", async (t) => {
  const stage = await runStage(t);
  await stage.executing();
  await stage.loseHost();
  const races = raceDatabase(stage.database);
  const point = races.hold("hosts_lock_lost", "before");
  const rescuing = createRunStore(races.database).rescue();
  await point.reached;
  await createHostStore(stage.database).renew([stage.hostId], 60_000);
  point.release();
  assert.equal((await rescuing).rescued, 0);
});

test("after a reconnect, what the host does not hold goes back, and what is not its own is named", async (t) => {
  const stage = await runStage(t);
  const kept = await stage.executing();
  const never = await stage.executing();
  const foreign = { runId: kept.runId, fence: kept.fence + 5 };
  const lost = await stage.runs.reconcile(stage.environment.id, stage.hostId, [kept, foreign].slice(0, 1));
  assert.deepEqual(lost, []);
  const back = await stage.liveRun(never.runId);
  assert.deepEqual([back?.state, back?.attempt], ["queued", 0]);
  assert.deepEqual(await stage.runs.reconcile(stage.environment.id, stage.hostId, [foreign]), [foreign]);
});

/** Loses the stage's host with all its runs, and brings it back. */
async function loseAndReturn(stage: WaitStage): Promise<void> {
  await stage.loseHost();
  await stage.runs.rescue();
  await createHostStore(stage.database).connect({
    id: stage.hostId,
    environmentId: stage.environment.id,
    name: "stage",
    versionIds: [stage.versionId],
    leaseMs: 3_600_000,
  });
}

test("a run that waited has used no attempt when its host is lost, and finds its waits again", async (t) => {
  const stage = await waitStage(t);
  const parent = await stage.executing({ maxAttempts: 1 });
  const childId = await stage.child(parent);
  await stage.suspend(parent, "run#1");
  await loseAndReturn(stage);
  const lost = await stage.liveRun(parent.runId);
  assert.deepEqual(
    [lost?.state, lost?.attempt, lost?.lost_count, lost?.is_recovering, lost?.version_id],
    ["queued", 0, 1, true, stage.versionId],
  );
  const claimed = await stage.claim({ direct: 2 });
  const [recovered, child] = [parent.runId, childId].map((id) => claimed.find((run) => run.runId === id));
  assert.ok(recovered && child);
  assert.deepEqual([recovered.isRecovery, recovered.attempt, child.isRecovery], [true, 1, false]);
  assert.equal(await stage.child(recovered, "run#1"), childId);
  await stage.suspend(recovered, "run#1");
  assert.equal(await stage.state(parent.runId), "waiting");
  await stage.complete(child);
  const [resumed] = await stage.resume();
  assert.equal(resumed?.runId, parent.runId);
});

test("an attempt after a loss finds a wait over that ended meanwhile", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim, "time#1", -1);
  await stage.suspend(claim, "time#1");
  await loseAndReturn(stage);
  await stage.runs.promoteDue();
  assert.equal(await stage.state(claim.runId), "queued");
  const [recovered] = await stage.claim();
  assert.ok(recovered);
  await stage.sleep(recovered, "time#1", 60_000);
  assert.deepEqual((await stage.suspend(recovered, "time#1")).resumed[0]?.waits, [
    { wait: "time#1", result: { kind: "time" } },
  ]);
});

test("a run that loses its host again and again while it waits ends, unless it opens new waits in between", async (t) => {
  const stage = await waitStage(t);
  const [stuck = "", moving = ""] = await stage.trigger(2);
  const waitAgain = async (round: number) => {
    const claimed = await stage.claim({ direct: 2 });
    for (const run of claimed) {
      const key = run.runId === moving ? `time#${round}` : "time#0";
      await stage.sleep(run, key);
      await stage.suspend(run, key);
    }
    await loseAndReturn(stage);
  };
  for (let round = 0; round < 3; round++) await waitAgain(round);
  assert.deepEqual([await stage.state(stuck), await stage.state(moving)], ["queued", "queued"]);
  await waitAgain(3);
  const run = await stage.reader.retrieve(stage.environment.id, stuck);
  assert.equal(run?.outcome, "system_failure");
  assert.equal(run?.error?.type === "INTERNAL_ERROR" && run.error.code, "TASK_RUN_STALLED_EXECUTING_WITH_WAITPOINTS");
  assert.equal(await stage.state(moving), "queued");
});

test("an executing run that is lost is recovered with its waits; an ordinary failure of it forgets them", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim);
  await loseAndReturn(stage);
  const [recovered] = await stage.claim();
  assert.deepEqual([recovered?.attempt, recovered?.isRecovery], [2, true]);
  const again = await stage.sleep(recovered ?? claim);
  assert.ok(again[0]?.kind === "opened" && again[0].isFound);
  await stage.fail(recovered ?? claim, 0);
  const [retried] = await stage.claim();
  assert.deepEqual([retried?.attempt, retried?.isRecovery], [3, false]);
  assert.deepEqual(await stage.sql("select from run_wait"), []);
});

test("a run whose process died while it waited is queued again and has used no attempt", async (t) => {
  const stage = await waitStage(t);
  const [waiting, executing] = [await stage.waiting(), await stage.executing()];
  const claims = [waiting, executing];
  const outcome = await stage.settle({ orphaned: claims });
  assert.deepEqual([outcome.lost, outcome.hasQueued], [[], true]);
  for (const { runId } of claims) {
    const live = await stage.liveRun(runId);
    assert.deepEqual([live?.state, live?.attempt, live?.is_recovering], ["queued", 0, true]);
  }
  assert.deepEqual((await stage.settle({ orphaned: claims })).lost, claims);
});

test("after a reconnect, a run that waited there and is not held any more is recovered", async (t) => {
  const stage = await waitStage(t);
  const [kept, gone] = [await stage.waiting(), await stage.waiting()];
  assert.deepEqual(await stage.runs.reconcile(stage.environment.id, stage.hostId, [kept]), []);
  assert.equal(await stage.state(kept.runId), "waiting");
  const live = await stage.liveRun(gone.runId);
  assert.deepEqual([live?.state, live?.attempt, live?.is_recovering], ["queued", 0, true]);
});

test("a parent goes on when the child that it waits for is lost for good", async (t) => {
  const stage = await waitStage(t);
  const parent = await stage.executing();
  await stage.child(parent, "run#1", { maxAttempts: 1 });
  await stage.suspend(parent, "run#1");
  const other = { id: "0190b1b0-0000-7000-8000-000000000001", name: "other", leaseMs: 1_000 };
  await createHostStore(stage.database).connect({
    ...other,
    environmentId: stage.environment.id,
    versionIds: [stage.versionId],
  });
  await stage.claim({ hostId: other.id });
  await stage.sql("update host set lease_expires_at = now() - interval '1 second' where name = 'other'");
  assert.deepEqual(await stage.runs.rescue(), { environmentIds: [stage.environment.id], rescued: 1 });
  const [resumed] = await stage.resume();
  const result = resumed?.waits[0]?.result;
  assert.equal(result?.kind === "run" && result.run.ok, false);
});
