import assert from "node:assert/strict";
import { test } from "node:test";
import { batch, idempotencyKeys, runs, tasks, UnprocessableEntityError } from "@trigger.dev/sdk";
import { openForClient } from "./client.ts";

const often = { pollIntervalMs: 25 };

test("the published client lists, triggers and controls runs", async (t) => {
  await openForClient(t);
  const handles: { id: string }[] = [];
  for (let i = 0; i < 5; i++) {
    handles.push(await tasks.trigger("echo", i, { tags: [`n-${i}`, "all"], machine: "micro", queue: "listed" }));
  }
  const other = await tasks.trigger("inspect", 1, { delay: "1h" });
  const group = await tasks.batchTrigger("echo", [{ payload: 1 }]);
  const ids = [...handles.map(({ id }) => id), ...(await batch.retrieve(group.batchId)).runs];
  for (const id of ids) await runs.poll(id, often);

  await t.test("lists: page by page, forward and back", async () => {
    const first = await runs.list({ limit: 3, taskIdentifier: "echo", tag: "all" });
    assert.equal(first.data.length, 3);
    const second = await first.getNextPage();
    assert.deepEqual(
      [...first.data, ...second.data].map(({ id }) => id),
      handles.map(({ id }) => id).reverse(),
    );
    assert.equal(second.hasNextPage(), false);
    assert.deepEqual(
      (await second.getPreviousPage()).data.map(({ id }) => id),
      first.data.map(({ id }) => id),
    );
  });

  await t.test("lists: all, one by one", async () => {
    const ids = [];
    for await (const run of runs.list({ limit: 2 })) ids.push(run.id);
    assert.equal(ids.length, 7);
    assert.ok(ids.includes(other.id));
  });

  await t.test("lists: by each filter", async () => {
    const idsOf = async (params: Parameters<typeof runs.list>[0]) =>
      (await runs.list(params as { limit: number })).data.map(({ id }) => id);
    const all = handles.map(({ id }) => id).reverse();
    assert.deepEqual(await idsOf({ taskIdentifier: ["inspect", "nothing"] }), [other.id]);
    assert.deepEqual(await idsOf({ status: ["DELAYED"] }), [other.id]);
    assert.equal((await idsOf({ status: ["COMPLETED", "QUEUED"] })).length, 6);
    assert.deepEqual(await idsOf({ status: "FAILED" }), []);
    assert.deepEqual(await idsOf({ tag: ["n-1", "n-2"] }), [all[2], all[3]]);
    assert.deepEqual(await idsOf({ bulkAction: "bulk_00000000000000000000000000" }), []);
    assert.deepEqual(await idsOf({ schedule: "sched_00000000000000000000000000" }), []);
    assert.deepEqual(await idsOf({ queue: { type: "custom", name: "listed" } }), all);
    assert.deepEqual(await idsOf({ queue: { type: "task", name: "inspect" } }), [other.id]);
    assert.equal((await idsOf({ batch: group.batchId })).length, 1);
    assert.deepEqual(await idsOf({ version: "20200101.1" }), []);
    assert.equal((await idsOf({ isTest: false })).length, 7);
    assert.deepEqual(await idsOf({ isTest: true }), []);
    assert.deepEqual(await idsOf({ machine: "micro" }), all);
    assert.deepEqual(await idsOf({ machine: ["large-1x", "large-2x"] }), []);
    assert.equal((await idsOf({ machine: "small-1x" })).length, 2, "the one that runs have by themselves");
    assert.deepEqual(await idsOf({ region: "nowhere" }), []);
    assert.equal((await idsOf({ period: "1h" })).length, 7);
    assert.equal((await idsOf({ from: new Date(0), to: new Date(Date.now() + 60_000) })).length, 7);
    assert.deepEqual(await idsOf({ to: new Date(1_000) }), []);
  });

  await t.test("a run with every option, and reads it back", async () => {
    const payload = { when: new Date(0), set: new Set([1]), big: 12n };
    const handle = await tasks.trigger("echo", payload, {
      queue: "made-by-client",
      concurrencyKey: "key",
      idempotencyKey: "every option",
      idempotencyKeyTTL: "1h",
      ttl: "10m",
      tags: ["one", "two"],
      maxAttempts: 2,
      maxDuration: 300,
      metadata: { step: 1 },
      machine: "small-2x",
      priority: 5,
    });
    assert.match(handle.id, /^run_/);
    assert.match(handle.publicAccessToken, /^eyJ/);
    const run = await runs.poll(handle, often);
    assert.equal(run.status, "COMPLETED");
    assert.deepEqual(run.output, { when: "1970-01-01T00:00:00.000Z", set: [1], big: "12" });
    assert.deepEqual(run.tags, ["one", "two"]);
    assert.deepEqual(run.metadata, { step: 1 });
    assert.equal(run.idempotencyKey, "every option");
    assert.equal(run.ttl, "10m");
    assert.equal(run.attemptCount, 1);
    assert.equal(run.taskIdentifier, "echo");
    assert.ok(run.startedAt instanceof Date && run.finishedAt instanceof Date && run.createdAt instanceof Date);
    assert.ok(run.isSuccess && run.isCompleted && !run.isFailed && !run.isTest);
    assert.deepEqual([run.depth, run.triggerFunction, run.relatedRuns.children], [0, "trigger", []]);
  });

  await t.test("payloads that are a text, nothing, or need their type", async () => {
    const outputs = await Promise.all(
      ["hello", undefined, null, 1.5, [new Date(0)]].map(async (payload) => {
        const run = await runs.poll(await tasks.trigger("echo", payload), often);
        return run.output as unknown;
      }),
    );
    assert.deepEqual(outputs, ["hello", undefined, null, 1.5, ["1970-01-01T00:00:00.000Z"]]);
  });

  await t.test("a run that fails, with its error", async () => {
    const run = await runs.poll(await tasks.trigger("failing", {}, { maxAttempts: 1 }), often);
    assert.equal(run.status, "FAILED");
    assert.equal(run.error?.name, "RangeError");
    assert.equal(run.error?.message, "attempt 1 fails");
    assert.equal(run.output, undefined);
  });

  await t.test("a task of its own name, with characters that a path must not hold", async () => {
    const handle = await tasks.trigger("my/weird task", 1);
    assert.equal((await runs.retrieve(handle.id)).taskIdentifier, "my/weird task");
    assert.equal((await runs.retrieve(handle.id)).status, "PENDING_VERSION");
  });

  await t.test("once for each idempotency key, until that is reset", async () => {
    const key = await idempotencyKeys.create("once", { scope: "global" });
    const first = await tasks.trigger("echo", 1, { idempotencyKey: key });
    assert.equal((await tasks.trigger("echo", 2, { idempotencyKey: key })).id, first.id);
    assert.equal((await tasks.trigger("echo", 2, { idempotencyKey: "once" })).id, first.id);
    const { id } = await idempotencyKeys.reset("echo", "once", { scope: "global" });
    assert.equal(id, String(key));
    assert.notEqual((await tasks.trigger("echo", 3, { idempotencyKey: key })).id, first.id);
  });

  await t.test("a delayed run, which is rescheduled, cancelled and replayed", async () => {
    const handle = await tasks.trigger("echo", "later", { delay: "1h", tags: "delayed" });
    assert.equal((await runs.retrieve(handle)).status, "DELAYED");
    const at = new Date(Date.now() + 7_200_000);
    const moved = await runs.reschedule(handle.id, { delay: at });
    assert.equal(moved.delayedUntil?.getTime(), at.getTime());
    assert.deepEqual(await runs.cancel(handle.id), { id: handle.id });
    assert.equal((await runs.retrieve(handle)).status, "CANCELED");
    assert.deepEqual(await runs.cancel(handle.id), { id: handle.id }, "it may be cancelled again");
    await assert.rejects(runs.reschedule(handle.id, { delay: "1h" }), UnprocessableEntityError);
    const replay = await runs.replay(handle.id);
    const copy = await runs.poll(replay.id, often);
    assert.deepEqual([copy.output, copy.tags], ["later", ["delayed"]]);
    const other = await runs.replay(handle.id, { payload: { at: new Date(0) }, tags: ["changed"] });
    const changed = await runs.poll(other.id, often);
    assert.deepEqual([changed.output, changed.tags], [{ at: "1970-01-01T00:00:00.000Z" }, ["changed"]]);
  });

  await t.test("batches: of one task, of several, and from a stream", async () => {
    const items = [{ payload: 1 }, { payload: 2, options: { tags: "second" } }];
    const one = await tasks.batchTrigger("echo", items, { idempotencyKey: "batch" });
    assert.equal((await tasks.batchTrigger("echo", items, { idempotencyKey: "batch" })).batchId, one.batchId);
    const several = await batch.trigger([
      { id: "echo", payload: "a" },
      { id: "inspect", payload: null },
    ]);
    async function* stream() {
      for (let i = 0; i < 3; i++) yield { id: "echo", payload: i };
    }
    const streamed = await batch.trigger(stream());
    assert.deepEqual([one.runCount, several.runCount, streamed.runCount], [2, 2, 3]);
    for (const { batchId, runCount } of [one, several, streamed]) {
      const found = await batch.retrieve(batchId);
      assert.equal(found.runs.length, runCount);
      for (const id of found.runs) assert.equal((await runs.poll(id, often)).status, "COMPLETED");
      assert.equal((await batch.retrieve(batchId)).status, "COMPLETED");
    }
    const outputs = await Promise.all((await batch.retrieve(streamed.batchId)).runs.map((id) => runs.retrieve(id)));
    assert.deepEqual(
      outputs.map(({ output }) => output),
      [0, 1, 2],
    );
  });
});
