import assert from "node:assert/strict";
import { test } from "node:test";
import { limitedTask, plainTask } from "../../store/runs/fixtures/run-stage.ts";
import { type EngineStage, engineStage } from "../fixtures/engine-stage.ts";

const limitedQueue = `task/${limitedTask}`;
const stateOf = async (stage: EngineStage, runId: string) => (await stage.liveRun(runId))?.state;

/** A host whose runs last until they are let go. */
function holdingHost(stage: EngineStage, processes: number, ahead = 0) {
  const holds = new Map<string, PromiseWithResolvers<void>>();
  const holdOf = (runId: string) => {
    const hold = holds.get(runId) ?? Promise.withResolvers<void>();
    holds.set(runId, hold);
    return hold;
  };
  const host = stage.playedHost({
    processes,
    ahead,
    play: ({ run }) => holdOf(run.runId).promise.then(() => undefined),
  });
  host.connect(stage.engine);
  return { host, letGo: (runId: string) => holdOf(runId).resolve() };
}

test("a replay is a new run of the same payload and options, with what differs", async (t) => {
  const stage = await engineStage(t);
  const id = stage.environment.id;
  const runId = await stage.triggered({ tags: ["a"], priorityS: 5, payload: "1", payloadType: "application/json" });
  const again = await stage.engine.replay(id, runId, { payload: "2" });
  assert.ok(again.kind === "created" && again.runId !== runId);
  const run = await stage.reader.retrieve(id, again.runId);
  assert.deepEqual([run?.payload, run?.tags, run?.taskId], ["2", ["a"], plainTask]);
  const [row] = await stage.sql("select replay_of, priority_s from run where id = $1", [again.runId]);
  assert.deepEqual(row, { replay_of: runId, priority_s: 5 });
  assert.deepEqual(await stage.engine.replay(id, stage.versionId, {}), { kind: "not_found" });
});

test("a delayed run is queued at its time, and at another when it is rescheduled", async (t) => {
  const stage = await engineStage(t);
  const id = stage.environment.id;
  const host = stage.playedHost({ processes: 1, play: async () => undefined });
  host.connect(stage.engine);
  const soon = await stage.triggered({ delay: { afterMs: 30 } });
  const late = await stage.triggered({ delay: { afterMs: 3_600_000 } });
  await host.until(() => host.finished.has(soon));
  assert.equal(await stateOf(stage, late), "delayed");
  assert.equal(await stage.engine.reschedule(id, late, { afterMs: 30 }), "rescheduled");
  await host.until(() => host.finished.has(late));
  assert.equal(await stage.engine.reschedule(id, late, { afterMs: 30 }), "not_delayed");
  assert.equal(await stage.engine.reschedule(id, stage.versionId, { afterMs: 30 }), "not_found");
});

test("a run that is not started in time expires, and a run claimed ahead is taken back for that", async (t) => {
  const stage = await engineStage(t);
  const { host, letGo } = holdingHost(stage, 1, 1);
  const first = await stage.triggered();
  await host.until(() => host.begun.includes(first));
  const ahead = await stage.triggered({ ttlS: 0.3 });
  while ((await stateOf(stage, ahead)) !== "claimed");
  while ((await stateOf(stage, ahead)) !== undefined);
  assert.equal((await stage.reader.retrieve(stage.environment.id, ahead))?.outcome, "expired");
  const next = await stage.triggered();
  while ((await stateOf(stage, next)) !== "claimed");
  letGo(first);
  await host.until(() => host.begun.includes(next));
  letGo(next);
  await host.until(() => host.finished.has(next));
});

test("a paused queue starts nothing, gives back what was claimed ahead, and goes on where it stood", async (t) => {
  const stage = await engineStage(t);
  const id = stage.environment.id;
  const queue = `task/${plainTask}`;
  const { host, letGo } = holdingHost(stage, 1, 2);
  const first = await stage.triggered();
  await host.until(() => host.begun.includes(first));
  const [second, third] = [await stage.triggered(), await stage.triggered()];
  while ((await stateOf(stage, third)) !== "claimed");
  assert.equal(await stage.engine.setQueuePaused(id, queue, true), true);
  while ((await stateOf(stage, second)) !== "queued" || (await stateOf(stage, third)) !== "queued");
  letGo(first);
  await host.until(() => host.finished.has(first));
  assert.deepEqual(host.begun, [first]);
  assert.equal(await stage.engine.setQueuePaused(id, queue, false), true);
  await host.until(() => host.begun.includes(second));
  letGo(second);
  await host.until(() => host.begun.includes(third));
  letGo(third);
  await host.until(() => host.finished.size === 3);
  assert.equal(await stage.engine.setQueuePaused(id, "no-such-queue", true), false);
});

test("a paused environment starts nothing until it goes on", async (t) => {
  const stage = await engineStage(t);
  const id = stage.environment.id;
  const host = stage.playedHost({ processes: 1, play: async () => undefined });
  host.connect(stage.engine);
  await stage.engine.setEnvironmentPaused(id, true);
  const runId = await stage.triggered();
  assert.equal(await stateOf(stage, runId), "queued");
  await stage.engine.setEnvironmentPaused(id, false);
  await host.until(() => host.finished.has(runId));
});

test("a limit that is raised lets more runs start, and one that is lowered fewer", async (t) => {
  const stage = await engineStage(t);
  const id = stage.environment.id;
  const { host, letGo } = holdingHost(stage, 10);
  const ids = (
    await stage.engine.triggerMany(Array.from({ length: 6 }, () => stage.request({ taskId: limitedTask })))
  ).map((outcome) => (outcome.kind === "created" ? outcome.runId : ""));
  await host.until(() => host.begun.length === 2);
  assert.equal(await stage.engine.overrideQueueLimit(id, limitedQueue, 4), true);
  await host.until(() => host.begun.length === 4);
  assert.equal(await stage.engine.overrideQueueLimit(id, limitedQueue, 1), true);
  for (const runId of ids.slice(0, 3)) letGo(runId);
  await host.until(() => host.finished.size === 3);
  assert.equal(host.begun.length, 4);
  assert.equal(await stage.engine.overrideQueueLimit(id, limitedQueue, null), true);
  await host.until(() => host.begun.length === 5);
  for (const runId of ids) letGo(runId);
  await host.until(() => host.finished.size === 6);
});

test("an environment's limit holds over all of its queues", async (t) => {
  const stage = await engineStage(t);
  await stage.engine.setEnvironmentLimit(stage.environment.id, 3);
  const { host, letGo } = holdingHost(stage, 10);
  const requests = [plainTask, plainTask, plainTask, limitedTask, limitedTask].map((taskId) =>
    stage.request({ taskId }),
  );
  await stage.engine.triggerMany(requests);
  await host.until(() => host.begun.length === 3);
  for (let ended = 0; ended < 5; ended++) {
    letGo(host.begun[ended] ?? "");
    await host.until(() => host.finished.size === ended + 1 && host.begun.length === Math.min(5, ended + 4));
    assert.ok(host.executing <= 3);
  }
});

test("a batch is waited for, with its items in their order", async (t) => {
  const stage = await engineStage(t);
  const environmentId = stage.environment.id;
  const host = stage.playedHost({
    processes: 3,
    async play(played) {
      const { run } = played;
      if (!run.tags.includes("parent")) return run.payload;
      const batch = (await played.call({ kind: "batch", runCount: 4, wait: "batch#1" })) as { batchId: string };
      const { batchId } = batch;
      const parent = { runId: run.runId, claim: null, wait: null };
      const item = (batchIndex: number) =>
        stage.request({
          batchId,
          batchIndex,
          parent,
          payload: String(batchIndex),
          payloadType: "application/json",
          triggerFunction: "batchTriggerAndWait",
        });
      await stage.engine.triggerMany([item(2), item(0)]);
      const failed = { index: 1, taskId: plainTask, error: "It is no task.", errorCode: "unprocessable" };
      await stage.engine.failBatchItems(environmentId, batchId, [failed]);
      const waiting = played.awaits(["batch#1"]);
      await stage.engine.triggerMany([item(3)]);
      await stage.engine.sealBatch(environmentId, batchId);
      const result = (await waiting).get("batch#1");
      return JSON.stringify(
        result?.kind === "batch" && result.runs.map((one) => (one.ok ? one.output : one.error?.type)),
      );
    },
  });
  host.connect(stage.engine);
  const runId = await stage.triggered({ tags: ["parent"] });
  await host.until(() => host.finished.has(runId));
  const output = (await stage.reader.retrieve(environmentId, runId))?.output;
  assert.deepEqual(JSON.parse(output ?? "null"), ["0", "INTERNAL_ERROR", "2", "3"]);
});

test("an equal key finds the batch again, which is cached when it is whole", async (t) => {
  const stage = await engineStage(t);
  const environmentId = stage.environment.id;
  const base = { environmentId, runCount: 2, requestKey: null, idempotency: null, parent: null };
  const keyed = { ...base, idempotency: { key: "k", lifeS: 60 } };
  const made = await stage.engine.createBatch(keyed);
  assert.ok(made.kind === "created");
  const found = { kind: "found", id: made.id, runCount: 2 } as const;
  assert.deepEqual(await stage.engine.createBatch(keyed), { ...found, isCached: false });
  const item = (batchIndex: number) => stage.request({ batchId: made.id, batchIndex, triggerFunction: "batchTrigger" });
  await stage.engine.triggerMany([item(0), item(1)]);
  await stage.engine.sealBatch(environmentId, made.id);
  assert.deepEqual(await stage.engine.createBatch(keyed), { ...found, isCached: true });
  const requested = await stage.engine.createBatch({ ...base, requestKey: "r" });
  assert.ok(requested.kind === "created");
  const again = await stage.engine.createBatch({ ...base, requestKey: "r" });
  assert.deepEqual(again, { kind: "found", id: requested.id, runCount: 2, isCached: false });
});

test("a key that is freed makes a new run", async (t) => {
  const stage = await engineStage(t);
  const idempotency = { key: "k", lifeS: 60, source: "k", scope: "global" } as const;
  const first = await stage.triggered({ idempotency });
  assert.deepEqual(await stage.engine.trigger(stage.request({ idempotency })), {
    kind: "found",
    runId: first,
    isCached: true,
  });
  assert.equal(await stage.engine.resetIdempotencyKey(stage.environment.id, plainTask, "k"), true);
  assert.equal(await stage.engine.resetIdempotencyKey(stage.environment.id, plainTask, "k"), false);
  assert.notEqual(await stage.triggered({ idempotency }), first);
});
