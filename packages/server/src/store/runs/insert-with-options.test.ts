import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import { holdLock, untilBlocked } from "@pawl/testkit";
import { createVersionStore } from "../versions.ts";
import { limitedTask, plainTask, type RunStage, runStage } from "./fixtures/run-stage.ts";

async function register(stage: RunStage, contentHash: string, taskIds: readonly string[], ttl?: number) {
  return createVersionStore(stage.database).register(stage.environment.id, {
    contentHash,
    processKeepAlive: true,
    tasks: taskIds.map((id) => ({
      id,
      filePath: "trigger/a.ts",
      queue: { name: `task/${id}` },
      retry: defaultRetryPolicy,
      ...(ttl === undefined ? {} : { ttl }),
    })),
  });
}

const secondsFromNow = (value: unknown) => Math.round((Number(value) - Date.now()) / 1_000);

test("a run with a delay is due then, and expires so long after", async (t) => {
  const stage = await runStage(t);
  const inAMinute = stage.newRun({ delay: { afterMs: 60_000 }, ttlS: 10 });
  const atADate = stage.newRun({ delay: { at: new Date(Date.now() + 90_000) } });
  const { nextDueInMs } = await stage.runs.insert([inAMinute, atADate]);
  assert.ok(nextDueInMs !== null && nextDueInMs > 59_000 && nextDueInMs <= 60_000);
  const live = await stage.liveRun(inAMinute.id);
  assert.deepEqual([live?.state, secondsFromNow(live?.due_at), secondsFromNow(live?.expires_at)], ["delayed", 60, 70]);
  assert.equal(secondsFromNow((await stage.liveRun(atADate.id))?.due_at), 90);
  assert.deepEqual(await stage.claim({ direct: 5 }), []);
});

test("a delay until a time that has passed is none", async (t) => {
  const stage = await runStage(t);
  const run = stage.newRun({ delay: { at: new Date(Date.now() - 1_000) } });
  await stage.insert([run]);
  assert.equal((await stage.claim())[0]?.runId, run.id);
});

test("the trigger's time to live wins over the task's, and 0 is for ever", async (t) => {
  const stage = await runStage(t);
  await register(stage, "with-ttl-1", [plainTask], 600);
  const [own, none, plain] = [stage.newRun({ ttlS: 30 }), stage.newRun({ ttlS: 0 }), stage.newRun()];
  const first = await stage.runs.insert([own, none]);
  assert.ok(first.nextDueInMs !== null && first.nextDueInMs <= 30_000);
  const second = await stage.runs.insert([plain]);
  assert.ok(second.nextDueInMs !== null && second.nextDueInMs > 599_000 && second.nextDueInMs <= 600_000);
  assert.equal(secondsFromNow((await stage.liveRun(own.id))?.expires_at), 30);
  assert.equal((await stage.liveRun(none.id))?.expires_at, null);
  assert.equal(secondsFromNow((await stage.liveRun(plain.id))?.expires_at), 600);
  assert.deepEqual(await stage.sql("select ttl_s from run order by ttl_s"), [
    { ttl_s: 0 },
    { ttl_s: 30 },
    { ttl_s: 600 },
  ]);
});

test("a queue that does not exist is made, and an existing one stays as it is", async (t) => {
  const stage = await runStage(t);
  await stage.insert([
    stage.newRun({ queueName: "made", concurrencyKey: "k" }),
    stage.newRun({ queueName: "made" }),
    stage.newRun({ queueName: `task/${limitedTask}` }),
  ]);
  assert.deepEqual(await stage.sql("select name, concurrency_limit as limit from queue order by name"), [
    { name: "made", limit: null },
    { name: `task/${limitedTask}`, limit: 2 },
    { name: `task/${plainTask}`, limit: null },
  ]);
  const claimed = await stage.claim({ direct: 5 });
  assert.deepEqual(claimed.map((run) => `${run.queueName} ${run.concurrencyKey}`.trim()).sort(), [
    "made",
    "made k",
    `task/${limitedTask}`,
  ]);
});

test("what a trigger says is stored as it was said", async (t) => {
  const stage = await runStage(t);
  const run = stage.newRun({
    tags: ['with "quotes"', "a,b"],
    metadata: '{"deep":{"a":[1]}}',
    machine: "micro",
    region: "eu",
    maxDurationS: 5,
    maxAttempts: 9,
    payload: null,
    priorityS: 3,
  });
  await stage.insert([run]);
  const [row] = await stage.sql(
    `select tags, payload, machine, region, max_duration_s, max_attempts, priority_s,
            (select data from run_metadata) as metadata from run`,
  );
  assert.deepEqual(row, {
    tags: ['with "quotes"', "a,b"],
    payload: null,
    machine: "micro",
    region: "eu",
    max_duration_s: 5,
    max_attempts: 9,
    priority_s: 3,
    metadata: '{"deep":{"a":[1]}}',
  });
});

test("a run can be locked to a version, and is refused when there is none that has its task", async (t) => {
  const stage = await runStage(t);
  const [first] = await stage.sql("select label from version");
  const second = await register(stage, "second-version", ["stage.other.run"]);
  const locked = stage.newRun({ lockToVersion: String(first?.label) });
  const outcomes = await stage.insert([
    locked,
    stage.newRun({ lockToVersion: "20200101.1" }),
    stage.newRun({ lockToVersion: second.label }),
    stage.newRun({ taskId: "stage.other.run" }),
  ]);
  assert.deepEqual(outcomes.slice(0, 3), [
    { kind: "created", runId: locked.id },
    { kind: "refused", reason: { kind: "unknown_version", label: "20200101.1" } },
    { kind: "refused", reason: { kind: "unknown_version", label: second.label } },
  ]);
  assert.equal(outcomes[3]?.kind, "created");
  const [run, ...none] = await stage.claim({ direct: 5 });
  assert.deepEqual([run?.runId, run?.versionId, none], [locked.id, stage.versionId, []]);
  if (run) await stage.settle({ returned: [run] });
  assert.equal((await stage.liveRun(locked.id))?.version_id, stage.versionId);
});

test("a child knows its parent, its root and how deep it is", async (t) => {
  const stage = await runStage(t);
  const [rootId = ""] = await stage.trigger(1);
  const child = stage.newRun({ parent: { runId: rootId, claim: null, wait: null } });
  await stage.insert([child]);
  const grandchild = stage.newRun({ parent: { runId: child.id, claim: null, wait: null } });
  await stage.insert([grandchild]);
  const rows = await stage.sql("select parent_run_id as parent, root_run_id as root, depth from run order by depth");
  assert.deepEqual(rows, [
    { parent: null, root: null, depth: 0 },
    { parent: rootId, root: rootId, depth: 1 },
    { parent: child.id, root: rootId, depth: 2 },
  ]);
  assert.equal((await stage.liveRun(grandchild.id))?.parent_run_id, child.id);
});

test("a parent that has finished or lost its claim makes no child", async (t) => {
  const stage = await runStage(t);
  const { runId, fence } = await stage.executing();
  const parent = (claimed: { readonly hostId: string; readonly fence: number } | null) =>
    stage.newRun({ parent: { runId, claim: claimed, wait: null } });
  const own = { hostId: stage.hostId, fence };
  const outcomes = await stage.insert([
    parent(own),
    parent({ ...own, fence: fence + 1 }),
    parent({ ...own, hostId: newUuid() }),
    stage.newRun({ parent: { runId: newUuid(), claim: null, wait: null } }),
  ]);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.reason.kind : outcome.kind)),
    ["created", "lost_claim", "lost_claim", "parent_finished"],
  );
  await stage.settle({ completed: [{ runId, fence, output: null, outputType: "application/json", durationMs: 1 }] });
  const late = await stage.insert([parent(own), parent(null)]);
  assert.deepEqual(
    late.map((outcome) => (outcome.kind === "refused" ? outcome.reason.kind : outcome.kind)),
    ["lost_claim", "parent_finished"],
  );
});

test("a trigger that comes while its parent's claim is lost waits, and makes nothing", async (t) => {
  const stage = await runStage(t);
  const { runId, fence } = await stage.executing();
  const lock = await holdLock(stage.database, `select from live_run where run_id = '${runId}' for update`);
  const rescuing = stage.loseHost().then(() => stage.runs.rescue());
  await untilBlocked(stage.database);
  const claim = { hostId: stage.hostId, fence };
  const inserting = stage.insert([stage.newRun({ parent: { runId, claim, wait: null } })]);
  await untilBlocked(stage.database, 2);
  await lock.release();
  await rescuing;
  assert.deepEqual(await inserting, [{ kind: "refused", reason: { kind: "lost_claim" } }]);
});

test("a run that its parent waits for is locked to the parent's version, and is found again by that wait", async (t) => {
  const stage = await runStage(t);
  const { runId, fence } = await stage.executing();
  await register(stage, "second-version", [plainTask]);
  await stage.sql("update live_run set lost_count = 2");
  const parent = { runId, claim: { hostId: stage.hostId, fence }, wait: "run#1" };
  const child = stage.newRun({ triggerFunction: "triggerAndWait", parent });
  assert.deepEqual(await stage.insert([child]), [{ kind: "created", runId: child.id }]);
  const live = await stage.liveRun(child.id);
  assert.deepEqual([live?.version_id, live?.is_awaited], [stage.versionId, true]);
  assert.deepEqual(await stage.sql("select run_id, key, waitpoint_id from run_wait"), [
    { run_id: runId, key: "run#1", waitpoint_id: child.id },
  ]);
  assert.deepEqual(await stage.sql("select id, kind from waitpoint"), [{ id: child.id, kind: "run" }]);
  assert.equal((await stage.liveRun(runId))?.lost_count, 0);
  const again = await stage.insert([stage.newRun({ triggerFunction: "triggerAndWait", parent })]);
  assert.deepEqual(again, [{ kind: "found", runId: child.id, isCached: false }]);
});

test("a run that is waited for and whose task the parent's version lacks waits for a version with it", async (t) => {
  const stage = await runStage(t);
  const { runId, fence } = await stage.executing();
  const parent = { runId, claim: { hostId: stage.hostId, fence }, wait: "run#1" };
  const child = stage.newRun({ taskId: "stage.later.run", triggerFunction: "triggerAndWait", parent });
  await stage.insert([child]);
  const live = await stage.liveRun(child.id);
  assert.deepEqual([live?.state, live?.version_id], ["pending_version", null]);
});

test("a trigger in a run starts its child in the same transaction", async (t) => {
  const stage = await runStage(t);
  const { runId, fence } = await stage.executing();
  const child = stage.newRun({ parent: { runId, claim: { hostId: stage.hostId, fence }, wait: "run#1" } });
  const { outcomes, claim } = await stage.runs.insertAndClaim([child], stage.claimRequest({ direct: 2 }));
  assert.deepEqual(outcomes, [{ kind: "created", runId: child.id }]);
  assert.deepEqual(
    claim.claimed.map((run) => [run.runId, run.isStarted, run.parentRunId]),
    [[child.id, true, runId]],
  );
});

test("the runs of an awaited batch know it", async (t) => {
  const stage = await runStage(t);
  const [awaited, other] = [newUuid(), newUuid()];
  for (const [id, isAwaited] of [
    [awaited, true],
    [other, false],
  ] as const) {
    await stage.sql("insert into batch (environment_id, id, run_count, is_awaited) values ($1, $2, 2, $3)", [
      stage.environment.id,
      id,
      isAwaited,
    ]);
  }
  const item = (batchId: string, batchIndex: number, queueName: string | null) =>
    stage.newRun({ batchId, batchIndex, queueName, triggerFunction: "batchTrigger" });
  const runs = [item(awaited, 0, null), item(other, 0, null), item(awaited, 1, "own"), item(other, 1, "own")];
  await stage.insert(runs.slice(0, 2));
  await stage.insert(runs.slice(2));
  const batches = await Promise.all(runs.map(async (run) => (await stage.liveRun(run.id))?.awaited_batch_id));
  assert.deepEqual(batches, [awaited, null, awaited, null]);
});
