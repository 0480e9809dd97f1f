import assert from "node:assert/strict";
import { test } from "node:test";
import { holdLock, raceDatabase, untilBlocked } from "@pawl/testkit";
import { createHostStore } from "../hosts.ts";
import { runStage } from "./fixtures/run-stage.ts";
import { createRunStore } from "./run-store.ts";

test("the runs of a lost host are queued again; only those that executed have used an attempt", async (t) => {
  const stage = await runStage(t);
  const executing = await stage.executing();
  const [ahead = ""] = await stage.trigger(1);
  await stage.runs.claim(stage.claimRequest({ direct: 0, ahead: 1 }));
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
