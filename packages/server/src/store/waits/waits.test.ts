import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import type { Claim } from "../../engine/ports.ts";
import { limitedTask } from "../runs/fixtures/run-stage.ts";
import { error, waitStage } from "./fixtures/wait-stage.ts";

test("a run that waits gives its slot back, and takes it again when its time has come", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  const [opened] = await stage.sleep(claim);
  assert.ok(opened?.kind === "opened" && !opened.isFound && opened.dueAt);
  assert.deepEqual(await stage.suspend(claim, "time#1"), { resumed: [], lost: [], hasFreed: false });
  const waiting = await stage.liveRun(claim.runId);
  assert.deepEqual(
    [waiting?.state, waiting?.holds_slot, waiting?.booked_at, waiting?.attempt, waiting?.host_id],
    ["waiting", false, null, 1, stage.hostId],
  );
  const early = await stage.runs.promoteDue();
  assert.deepEqual(early.environmentIds, []);
  assert.ok(early.nextDueInMs !== null && early.nextDueInMs > 50_000 && early.nextDueInMs <= 60_000);
  await stage.sql("update waitpoint set due_at = now()");
  assert.deepEqual((await stage.runs.promoteDue()).environmentIds, [stage.environment.id]);
  assert.equal(await stage.state(claim.runId), "resuming");
  assert.deepEqual(await stage.resume(), [{ ...claim, waits: [{ wait: "time#1", result: { kind: "time" } }] }]);
  const live = await stage.liveRun(claim.runId);
  assert.deepEqual([live?.state, live?.holds_slot, live?.attempt, live?.fence], ["executing", true, 1, claim.fence]);
  await stage.complete(claim);
  assert.deepEqual(await stage.sql("select from run_wait union all select from waitpoint"), []);
});

test("two servers end a wait once", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim, "time#1", -1);
  await stage.suspend(claim, "time#1");
  const rounds = await Promise.all(Array.from({ length: 4 }, () => stage.runs.promoteDue()));
  assert.equal(rounds.flatMap((round) => round.environmentIds).length, 1);
});

test("a run whose wait is over already does not wait", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim, "time#1", -1);
  await stage.runs.promoteDue();
  const outcome = await stage.suspend(claim, "time#1");
  assert.deepEqual(outcome, {
    resumed: [{ ...claim, waits: [{ wait: "time#1", result: { kind: "time" } }] }],
    lost: [],
    hasFreed: false,
  });
  assert.equal(await stage.state(claim.runId), "executing");
});

test("a run waits for the first of several waits, and finds the others over when it asks again", async (t) => {
  const stage = await waitStage(t);
  const parent = await stage.executing();
  const childIds = [await stage.child(parent, "run#1"), await stage.child(parent, "run#2")];
  await stage.suspend(parent, "run#1", "run#2");
  const children = await stage.claim({ direct: 2 });
  assert.deepEqual(children.map((child) => child.runId).sort(), [...childIds].sort());
  const childOf = (runId: string | undefined) => {
    const found = children.find((child) => child.runId === runId);
    assert.ok(found);
    return found;
  };
  await stage.complete(childOf(childIds[1]));
  const [first] = await stage.resume();
  assert.deepEqual(
    first?.waits.map((wait) => wait.wait),
    ["run#2"],
  );
  await stage.suspend(parent, "run#1");
  assert.equal(await stage.state(parent.runId), "waiting");
  await stage.complete(childOf(childIds[0]));
  const [second] = await stage.resume();
  assert.deepEqual(
    second?.waits.map((wait) => wait.wait),
    ["run#1"],
  );
});

test("waits that end while a run queues for its slot join those that it goes on with", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim, "time#1", -1);
  await stage.sleep(claim, "time#2", 60_000);
  await stage.suspend(claim, "time#1", "time#2");
  await stage.runs.promoteDue();
  await stage.sql("update waitpoint set due_at = now() where completed_at is null");
  await stage.runs.promoteDue();
  const [resumed] = await stage.resume();
  assert.deepEqual(resumed?.waits.map((wait) => wait.wait).sort(), ["time#1", "time#2"]);
});

test("code beside a wait may wait for more: the run goes on when the first of all of them ends", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim, "time#1", 60_000);
  await stage.suspend(claim, "time#1");
  await stage.sleep(claim, "time#2", 60_000);
  assert.deepEqual(await stage.suspend(claim, "time#2"), { resumed: [], lost: [], hasFreed: false });
  const [{ waitpoint_id: first } = {}] = await stage.sql("select waitpoint_id from run_wait where key = 'time#1'");
  await stage.sql("update waitpoint set due_at = now() where id = $1", [first]);
  await stage.runs.promoteDue();
  assert.equal(await stage.state(claim.runId), "resuming");
});

test("code beside a wait that waits for something over has the run go on", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim, "time#1", 60_000);
  await stage.sleep(claim, "time#2", -1);
  await stage.runs.promoteDue();
  await stage.suspend(claim, "time#1");
  const outcome = await stage.suspend(claim, "time#2");
  assert.deepEqual(outcome, { resumed: [], lost: [], hasFreed: true });
  const [resumed] = await stage.resume();
  assert.deepEqual(resumed?.waits, [{ wait: "time#2", result: { kind: "time" } }]);
});

test("a suspension that is told again changes nothing", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim);
  await stage.suspend(claim, "time#1");
  const before = await stage.liveRun(claim.runId);
  assert.deepEqual(await stage.suspend(claim, "time#1"), { resumed: [], lost: [], hasFreed: false });
  assert.deepEqual(await stage.liveRun(claim.runId), before);
});

test("a run that has opened none of the waits goes on, with no result", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  assert.deepEqual((await stage.suspend(claim, "time#9")).resumed, [{ ...claim, waits: [] }]);
  assert.equal(await stage.state(claim.runId), "executing");
});

test("a claim with an old fence or of another host opens nothing and does not wait", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim);
  const old = { ...claim, fence: claim.fence + 1 };
  assert.deepEqual(await stage.sleep(old, "time#2"), [{ kind: "lost_claim" }]);
  assert.deepEqual((await stage.suspend(old, "time#1")).lost, [old]);
  const other = await stage.waits.suspend(stage.environment.id, newUuid(), [{ ...claim, waits: ["time#1"] }]);
  assert.deepEqual(other.lost, [claim]);
  assert.equal(await stage.state(claim.runId), "executing");
  assert.equal(await stage.waits.results(stage.environment.id, stage.hostId, old, ["time#1"]), null);
});

test("a parent in a queue with a limit waits for a child in the same queue", async (t) => {
  const stage = await waitStage(t);
  const parents = [await stage.executing({ taskId: limitedTask }), await stage.executing({ taskId: limitedTask })];
  for (const parent of parents) {
    await stage.child(parent, "run#1", { taskId: limitedTask });
    assert.equal((await stage.suspend(parent, "run#1")).hasFreed, true);
  }
  const children = await stage.claim({ direct: 4 });
  assert.equal(children.length, 2);
  assert.deepEqual(await stage.resume(), []);
  for (const child of children) await stage.complete(child);
  assert.equal((await stage.resume()).length, 2);
});

test("a child that fails for good is its parent's result, one that is attempted again is not", async (t) => {
  const stage = await waitStage(t);
  const parent = await stage.executing();
  const childId = await stage.child(parent);
  await stage.suspend(parent, "run#1");
  const [child] = await stage.claim();
  assert.ok(child);
  await stage.fail(child, 0);
  assert.equal(await stage.state(parent.runId), "waiting");
  const [again] = await stage.claim();
  assert.ok(again);
  await stage.fail(again);
  const [resumed] = await stage.resume();
  assert.deepEqual(resumed?.waits, [
    { wait: "run#1", result: { kind: "run", run: { runId: childId, taskId: child.taskId, ok: false, error } } },
  ]);
});

test("a parent that joins a run made by another call waits for it, live or over", async (t) => {
  const stage = await waitStage(t);
  const idempotency = { key: "once", lifeS: 60, source: null, scope: null } as const;
  const [made = ""] = await stage.trigger(1, { idempotency });
  const [run] = await stage.claim();
  assert.equal(run?.runId, made);
  const [first, second] = [await stage.executing(), await stage.executing()];
  assert.equal(await stage.child(first, "run#1", { idempotency }), made);
  await stage.suspend(first, "run#1");
  assert.equal(await stage.state(first.runId), "waiting");
  await stage.complete({ runId: made, fence: 1 });
  assert.equal(await stage.state(first.runId), "resuming");
  assert.equal(await stage.child(second, "run#1", { idempotency }), made);
  assert.equal((await stage.suspend(second, "run#1")).resumed.length, 1);
});

test("a run may end while it waits, by code beside the wait; the losers of its race are forgotten", async (t) => {
  const stage = await waitStage(t);
  for (const end of [stage.complete, (claim: Claim) => stage.fail(claim)]) {
    const claim = await stage.executing();
    await stage.sleep(claim);
    await stage.suspend(claim, "time#1");
    assert.deepEqual((await end(claim)).lost, []);
    assert.equal(await stage.liveRun(claim.runId), undefined);
    assert.deepEqual(await stage.sql("select from run_wait union all select from waitpoint"), []);
  }
});

test("an ordinary retry begins without waits, and drops what was waited for", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim);
  await stage.fail(claim, 0);
  assert.deepEqual(await stage.sql("select from run_wait union all select from waitpoint"), []);
});

test("a key that a run has opened gives the same wait again, with the time that was first asked for", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  const [first] = await stage.sleep(claim, "time#1", 60_000);
  const [again] = await stage.sleep(claim, "time#1", 90_000);
  assert.ok(first?.kind === "opened" && again?.kind === "opened");
  assert.deepEqual(again, { ...first, isFound: true, dueInMs: again.dueInMs });
});

test("an idempotency key gives the wait of another run, until it expires", async (t) => {
  const stage = await waitStage(t);
  const [one, two] = [await stage.executing(), await stage.executing()];
  const open = (claim: Claim) =>
    stage.open(claim, `time#${claim.runId}`, {
      kind: "time",
      at: new Date(Date.now() + 60_000),
      idempotency: { key: "k", lifeS: 60 },
    });
  const [[first], [second]] = await Promise.all([open(one), open(two)]);
  assert.ok(first?.kind === "opened" && second?.kind === "opened");
  assert.equal(first.waitpointId, second.waitpointId);
  assert.notEqual(first.isFound, second.isFound);
  await stage.sql("update waitpoint set idempotency_key_expires_at = now()");
  const third = await stage.executing();
  const [fresh] = await open(third);
  assert.ok(fresh?.kind === "opened");
  assert.equal(fresh.isFound, false);
});

test("results too long for control are left out, the long ones first, and fetched by their keys", async (t) => {
  const stage = await waitStage(t);
  const parent = await stage.executing();
  const lengths = [70_000, 40_000, 20_000];
  for (const index of lengths.keys()) await stage.child(parent, `run#${index}`);
  await stage.suspend(parent, "run#0", "run#1", "run#2");
  const children = await stage.claim({ direct: 3 });
  for (const [index, length] of lengths.entries()) {
    const child = children[index];
    assert.ok(child);
    await stage.settle({
      completed: [{ ...child, output: "x".repeat(length), outputType: "text/plain", durationMs: 1 }],
    });
  }
  const [resumed] = await stage.resume();
  assert.deepEqual(
    resumed?.waits.map((wait) => [wait.wait, wait.result !== undefined]),
    [
      ["run#0", false],
      ["run#1", true],
      ["run#2", true],
    ],
  );
  const fetched = await stage.waits.results(stage.environment.id, stage.hostId, parent, ["run#0"]);
  const result = fetched?.waits[0]?.result;
  assert.equal(result?.kind === "run" && result.run.output?.length, 70_000);
  assert.deepEqual(await stage.waits.results(stage.environment.id, stage.hostId, parent, ["run#7"]), {
    ...parent,
    waits: [],
  });
});

test("a host that reconnects is told again of runs that go on, and of none that wait", async (t) => {
  const stage = await waitStage(t);
  const [over, waiting] = [await stage.executing(), await stage.executing()];
  await stage.executing();
  await stage.sleep(over, "time#1", -1);
  await stage.sleep(waiting);
  await stage.suspend(over, "time#1");
  await stage.suspend(waiting, "time#1");
  await stage.runs.promoteDue();
  const resumed = await stage.resume();
  assert.equal(resumed.length, 1);
  assert.deepEqual(await stage.runs.resumedBefore(stage.environment.id, stage.hostId), resumed);
});
