import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import type { NewBatch } from "../engine/batch-ports.ts";
import { createBatchStore } from "./batches.ts";
import { type RunStage, runStage } from "./runs/fixtures/run-stage.ts";
import { createWaitStore } from "./waits/wait-store.ts";

const output = { output: '{"json":1}', outputType: "application/super+json", durationMs: 5 } as const;

function newBatch(stage: RunStage, changes: Partial<NewBatch> = {}): NewBatch {
  return {
    environmentId: stage.environment.id,
    id: newUuid(),
    runCount: 2,
    requestKey: null,
    idempotency: null,
    parent: null,
    ...changes,
  };
}

/** A parent that has made an empty batch and will wait for it under the key `batch#1`. */
async function parentWithBatch(stage: RunStage, changes: Partial<NewBatch> = {}) {
  const batches = createBatchStore(stage.database);
  const parent = await stage.executing();
  const claim = { hostId: stage.hostId, fence: parent.fence };
  const batch = newBatch(stage, { parent: { runId: parent.runId, claim, wait: "batch#1" }, ...changes });
  const outcome = await batches.create(batch);
  return { batches, parent, batch, outcome };
}

async function addItems(stage: RunStage, batchId: string, parentRunId: string, count: number): Promise<void> {
  await stage.runs.insert(
    Array.from({ length: count }, (_, batchIndex) =>
      stage.newRun({
        batchId,
        batchIndex,
        triggerFunction: "batchTriggerAndWait",
        parent: { runId: parentRunId, claim: null, wait: null },
      }),
    ),
  );
}

async function stateOf(stage: RunStage, runId: string): Promise<unknown> {
  return (await stage.liveRun(runId))?.state;
}

const suspend = (stage: RunStage, claim: { runId: string; fence: number }, wait = "batch#1") =>
  createWaitStore(stage.database).suspend(stage.environment.id, stage.hostId, [{ ...claim, waits: [wait] }]);

test("the same request key gives the same batch, also at the same time", async (t) => {
  const stage = await runStage(t);
  const store = createBatchStore(stage.database);
  const create = (requestKey: string | null) => store.create(newBatch(stage, { requestKey }));
  const [first, second] = await Promise.all([create("key"), create("key")]);
  assert.ok(first.kind !== "refused" && second.kind !== "refused");
  assert.equal(first.id, second.id);
  assert.deepEqual([first.kind, second.kind].sort(), ["created", "found"]);
  assert.equal((await create(null)).kind, "created");
  assert.equal((await create(null)).kind, "created");
});

test("an idempotency key finds the batch of another call until it expires, and tells whether its items are there", async (t) => {
  const stage = await runStage(t);
  const store = createBatchStore(stage.database);
  const create = () => store.create(newBatch(stage, { runCount: 1, idempotency: { key: "nightly", lifeS: 3_600 } }));
  const first = await create();
  assert.ok(first.kind === "created");
  assert.deepEqual(await create(), { kind: "found", id: first.id, runCount: 1, isCached: false });
  await store.failItems(stage.environment.id, first.id, [{ index: 0, taskId: "t", error: "no", errorCode: "c" }]);
  await store.seal(stage.environment.id, first.id);
  assert.deepEqual(await create(), { kind: "found", id: first.id, runCount: 1, isCached: true });
  await stage.sql("update batch set idempotency_key_expires_at = now() - interval '1 second'");
  assert.equal((await create()).kind, "created");
});

test("a batch tells how many runs it wants, and is sealed once, when it has them", async (t) => {
  const stage = await runStage(t);
  const store = createBatchStore(stage.database);
  const { id } = newBatch(stage);
  assert.equal(await store.find(stage.environment.id, id), null);
  await store.create(newBatch(stage, { id }));
  const sealedAt = async () => (await stage.sql("select sealed_at from batch"))[0]?.sealed_at;
  assert.deepEqual(await store.find(stage.environment.id, id), { runCount: 2, indexes: new Set() });
  await store.seal(stage.environment.id, id);
  assert.equal(await sealedAt(), null);
  await stage.insert([stage.newRun({ batchId: id, batchIndex: 1, triggerFunction: "batchTrigger" })]);
  const failed = { index: 0, taskId: "nothing", error: "There is no such task.", errorCode: "unprocessable" };
  await store.failItems(stage.environment.id, id, [failed, { ...failed, index: 1 }]);
  assert.deepEqual(await store.find(stage.environment.id, id), { runCount: 2, indexes: new Set([0, 1]) });
  await store.seal(stage.environment.id, id);
  const before = await sealedAt();
  assert.ok(before);
  await store.seal(stage.environment.id, id);
  assert.deepEqual(await sealedAt(), before);
});

test("a parent waits for its batch until the last of its runs has ended, and gets the results in order", async (t) => {
  const stage = await runStage(t);
  const { batches, parent, batch } = await parentWithBatch(stage, { runCount: 3 });
  await batches.failItems(stage.environment.id, batch.id, [
    { index: 2, taskId: "nothing", error: "There is no such task.", errorCode: "unprocessable" },
  ]);
  await addItems(stage, batch.id, parent.runId, 2);
  assert.equal(await batches.seal(stage.environment.id, batch.id), false);
  assert.deepEqual(await suspend(stage, parent), { resumed: [], lost: [], hasFreed: false });
  const children = await stage.claim({ direct: 2 });
  assert.equal(children.length, 2);
  const [first, second] = children;
  assert.ok(first && second);
  await stage.settle({
    failed: [
      {
        ...second,
        error: { type: "STRING_ERROR", raw: "no" },
        outcome: "failed",
        durationMs: 1,
        retryDelayMs: null,
        isRetriedInPlace: false,
      },
    ],
  });
  assert.equal(await stateOf(stage, parent.runId), "waiting");
  const { hasFreed } = await stage.settle({ completed: [{ ...first, ...output }] });
  assert.equal(hasFreed, true);
  const { resumed } = await stage.runs.claim(stage.claimRequest());
  assert.deepEqual(resumed, [
    {
      ...parent,
      waits: [
        {
          wait: "batch#1",
          result: {
            kind: "batch",
            batchId: batch.id,
            isAborted: false,
            runs: [
              {
                runId: first.runId,
                taskId: first.taskId,
                ok: true,
                output: output.output,
                outputType: output.outputType,
              },
              { runId: second.runId, taskId: second.taskId, ok: false, error: { type: "STRING_ERROR", raw: "no" } },
              {
                taskId: "nothing",
                ok: false,
                error: {
                  type: "INTERNAL_ERROR",
                  code: "BATCH_ITEM_COULD_NOT_TRIGGER",
                  message: "The item could not be triggered: There is no such task. (unprocessable)",
                },
              },
            ],
          },
        },
      ],
    },
  ]);
});

test("a batch whose runs have all ended when it is sealed lets its parent go on", async (t) => {
  const stage = await runStage(t);
  const { batches, parent, batch } = await parentWithBatch(stage, { runCount: 1 });
  await addItems(stage, batch.id, parent.runId, 1);
  await suspend(stage, parent);
  const [child] = await stage.claim();
  assert.ok(child);
  await stage.settle({ completed: [{ ...child, ...output }] });
  assert.equal(await stateOf(stage, parent.runId), "waiting");
  assert.equal(await batches.seal(stage.environment.id, batch.id), true);
  assert.equal(await stateOf(stage, parent.runId), "resuming");
});

test("a batch that was found is waited for with the runs that it has, and with those of other batches", async (t) => {
  const stage = await runStage(t);
  const idempotency = { key: "item", lifeS: 60, source: null, scope: null } as const;
  const one = await parentWithBatch(stage, { runCount: 1, idempotency: { key: "one", lifeS: 60 }, parent: null });
  const item = { batchIndex: 0, triggerFunction: "batchTrigger", idempotency } as const;
  const [made] = await stage.insert([stage.newRun({ batchId: one.batch.id, ...item })]);
  assert.equal(made?.kind, "created");
  await one.batches.seal(stage.environment.id, one.batch.id);

  // A second parent finds the batch, a third has a batch of its own with the same run.
  const claimOf = (claim: { fence: number }) => ({ hostId: stage.hostId, fence: claim.fence });
  await stage.runs.claim(stage.claimRequest()); // the item executes
  const second = await stage.executing();
  const found = await one.batches.create(
    newBatch(stage, {
      runCount: 1,
      idempotency: { key: "one", lifeS: 60 },
      parent: { runId: second.runId, claim: claimOf(second), wait: "batch#1" },
    }),
  );
  assert.deepEqual(found, { kind: "found", id: one.batch.id, runCount: 1, isCached: true });
  const third = await parentWithBatch(stage, { runCount: 1 });
  const [cached] = await stage.insert([stage.newRun({ batchId: third.batch.id, ...item })]);
  assert.ok(made?.kind === "created");
  assert.deepEqual(cached, { kind: "found", runId: made.runId, isCached: true });
  await third.batches.seal(stage.environment.id, third.batch.id);
  await suspend(stage, second);
  await suspend(stage, third.parent);
  assert.deepEqual(
    [await stateOf(stage, second.runId), await stateOf(stage, third.parent.runId)],
    ["waiting", "waiting"],
  );
  await stage.settle({ completed: [{ runId: made.runId, fence: 1, ...output }] });
  assert.deepEqual(
    [await stateOf(stage, second.runId), await stateOf(stage, third.parent.runId)],
    ["resuming", "resuming"],
  );
});

test("a parent that has finished or lost its claim makes no batch", async (t) => {
  const stage = await runStage(t);
  const store = createBatchStore(stage.database);
  const parent = await stage.executing();
  const lost = { runId: parent.runId, claim: { hostId: stage.hostId, fence: parent.fence + 1 }, wait: "batch#1" };
  assert.deepEqual(await store.create(newBatch(stage, { parent: lost })), {
    kind: "refused",
    reason: { kind: "lost_claim" },
  });
  await stage.settle({ completed: [{ ...parent, ...output }] });
  const finished = { runId: parent.runId, claim: null, wait: null };
  assert.deepEqual(await store.create(newBatch(stage, { parent: finished })), {
    kind: "refused",
    reason: { kind: "parent_finished" },
  });
  assert.deepEqual(await stage.sql("select from batch"), []);
});

test("the journal of a parent finds its batch again, so that its items are sent again", async (t) => {
  const stage = await runStage(t);
  const { batches, batch } = await parentWithBatch(stage);
  const again = await batches.create(newBatch(stage, { parent: batch.parent }));
  assert.deepEqual(again, { kind: "found", id: batch.id, runCount: 2, isCached: false });
});

test("a batch is aborted ten minutes after its last item, and its parent goes on", async (t) => {
  const stage = await runStage(t);
  const { parent, batch } = await parentWithBatch(stage);
  await addItems(stage, batch.id, parent.runId, 1);
  await suspend(stage, parent);
  const makeOld = (minutes: number) =>
    stage.sql("update batch set last_item_at = now() - $1 * interval '1 minute'", [minutes]);
  await makeOld(11);
  const early = await stage.runs.promoteDue();
  assert.deepEqual(early.environmentIds, []);
  assert.ok(early.nextDueInMs !== null && early.nextDueInMs > 590_000 && early.nextDueInMs <= 600_000);
  await stage.sql("update run set created_at = now() - interval '10 minutes' where batch_id is not null");
  await makeOld(11);
  assert.deepEqual((await stage.runs.promoteDue()).environmentIds, [stage.environment.id]);
  assert.equal(await stateOf(stage, parent.runId), "resuming");
  const { resumed } = await stage.runs.claim(stage.claimRequest({ direct: 0 }));
  assert.deepEqual(resumed[0]?.waits, [
    { wait: "batch#1", result: { kind: "batch", batchId: batch.id, isAborted: true, runs: [] } },
  ]);
  await addItems(stage, batch.id, parent.runId, 0);
});

test("of the last two runs of a batch that end at once, one lets the parent go on", async (t) => {
  const stage = await runStage(t);
  const { batches, parent, batch } = await parentWithBatch(stage);
  await addItems(stage, batch.id, parent.runId, 2);
  await batches.seal(stage.environment.id, batch.id);
  await suspend(stage, parent);
  const children = await stage.claim({ direct: 2 });
  const settled = await Promise.all(children.map((child) => stage.settle({ completed: [{ ...child, ...output }] })));
  assert.deepEqual(settled.map((outcome) => outcome.hasFreed).sort(), [false, true]);
  assert.equal(await stateOf(stage, parent.runId), "resuming");
});
