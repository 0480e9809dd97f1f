import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { ApiError, batch, queues, runs, tasks } from "@pawl/sdk";
import type { mixedBatch, streamedBatch, unmadeItems } from "../projects/engine/trigger/batches.ts";
import type { echo, inspect } from "../projects/engine/trigger/plain.ts";
import { openEngine, outputOf } from "../stage/engine.ts";
import { until } from "../stage/until.ts";

test("batches", async (t) => {
  const engine = await openEngine(t);
  const completed = (batchId: string, timeoutMs = 30_000) =>
    until(
      `${batchId} is complete`,
      async () => {
        const found = await batch.retrieve(batchId);
        return found.status === "PENDING" || found.status === "PROCESSING" ? null : found;
      },
      { timeoutMs },
    );

  await t.test("of one task, by its id", async () => {
    const items = [{ payload: 1 }, { payload: 2, options: { tags: ["two"] } }, { payload: undefined }];
    const { batchId, runCount } = await tasks.batchTrigger<typeof echo>("echo", items);
    assert.equal(runCount, 3);
    const found = await completed(batchId);
    assert.equal(found.status, "COMPLETED");
    assert.equal(found.runs.length, 3);
    const outputs = await Promise.all(found.runs.map(async (id) => (await runs.retrieve(id)).output));
    assert.deepEqual(outputs, [1, 2, undefined], "in the order of the items");
    const second = await runs.retrieve(found.runs[1] ?? "");
    assert.deepEqual([second.tags, second.batchId, second.triggerFunction], [["two"], batchId, "batchTrigger"]);
  });

  await t.test(
    "triggered sequentially, in a queue that executes one run at a time: in the order of the items",
    async () => {
      const items = Array.from({ length: 260 }, (_, n) => ({ payload: n, options: { queue: "in-order" } }));
      const before = await tasks.trigger<typeof echo>("echo", null, { queue: "in-order" });
      await outputOf(before);
      await queues.overrideConcurrencyLimit({ type: "custom", name: "in-order" }, 1);
      const { batchId } = await tasks.batchTrigger<typeof echo>("echo", items, { triggerSequentially: true });
      const { runs: ids } = await completed(batchId, 60_000);
      const wanted = new Set(ids);
      const starts = await engine.marks(({ name, runId }) => name === "start" && wanted.has(runId));
      assert.deepEqual(
        starts.map(({ runId }) => runId),
        ids,
      );
    },
  );

  await t.test("of several tasks, by their ids", async () => {
    const { batchId } = await batch.trigger<typeof echo | typeof inspect>([
      { id: "echo", payload: "e" },
      { id: "inspect", payload: null },
      { id: "echo", payload: "f" },
    ]);
    const { runs: ids } = await completed(batchId);
    const found = await Promise.all(ids.map((id) => runs.retrieve(id)));
    assert.deepEqual(
      found.map(({ taskIdentifier }) => taskIdentifier),
      ["echo", "inspect", "echo"],
    );
    const { batch: own } = (found[1]?.output ?? {}) as { batch?: string }; // what inspect gives
    assert.equal(own, batchId, "a run knows its batch");
  });

  await t.test("in a run: of several tasks, waited for, with results in order and narrowed by their task", async () => {
    const output = await outputOf(await tasks.trigger<typeof mixedBatch>("mixed-batch"));
    assert.deepEqual(output, {
      byId: ["echo:one", "lasting:30", "echo:two"],
      byTask: ["echo:three", "failing:RangeError"],
    });
  });

  await t.test("from an async iterable and from a stream, with their own pace", async () => {
    const iterable = async function* () {
      for (let number = 0; number < 300; number++) {
        if (number % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
        yield { payload: number };
      }
    };
    const byIterable = await tasks.batchTrigger<typeof echo>("echo", iterable());
    assert.equal(byIterable.runCount, 300);
    const stream = new ReadableStream({
      start(controller) {
        for (let number = 0; number < 50; number++) controller.enqueue({ payload: number });
        controller.close();
      },
    });
    const byStream = await tasks.batchTrigger<typeof echo>("echo", stream);
    assert.equal(byStream.runCount, 50);
    for (const [{ batchId }, count] of [[byIterable, 300] as const, [byStream, 50] as const]) {
      assert.equal((await completed(batchId)).runs.length, count);
    }
    const inRun = await outputOf(await tasks.trigger<typeof streamedBatch>("streamed-batch", { count: 120 }));
    assert.deepEqual(
      inRun,
      Array.from({ length: 120 }, (_, number) => number),
    );
    const broken = async function* () {
      yield { payload: 1 };
      throw new RangeError("the source ran dry");
    };
    await assert.rejects(tasks.batchTrigger<typeof echo>("echo", broken()), /the source ran dry/);
  });

  await t.test("of 10,000 items", async () => {
    const count = 10_000;
    const items = Array.from({ length: count }, (_, number) => ({ payload: number }));
    const { batchId, runCount } = await tasks.batchTrigger<typeof echo>("echo", items);
    assert.equal(runCount, count);
    const found = await completed(batchId, 90_000);
    assert.equal(found.status, "COMPLETED");
    assert.equal(new Set(found.runs).size, count);
    const rows = await engine.database.query({
      name: "e2e_batch_outputs",
      text: "select outcome, count(*)::int as count, count(distinct payload)::int as payloads from run where batch_id = (select id from batch order by run_count desc limit 1) group by 1",
      values: [],
    });
    assert.deepEqual(rows, [{ outcome: "completed", count, payloads: count }]);
  });

  await t.test("an item that can't be triggered is that item's error", async () => {
    const items = [{ payload: 1 }, { payload: 2, options: { version: "20000101.1" } }, { payload: 3 }];
    const { batchId } = await tasks.batchTrigger<typeof echo>("echo", items);
    const found = await completed(batchId);
    assert.equal(found.status, "PARTIAL_FAILED");
    assert.equal(found.runs.length, 2);
    assert.deepEqual(
      found.processing.errors.map(({ index, taskIdentifier }) => ({ index, taskIdentifier })),
      [{ index: 1, taskIdentifier: "echo" }],
    );
    assert.match(found.processing.errors[0]?.error ?? "", /20000101\.1/);
    const waited = await outputOf(await tasks.trigger<typeof unmadeItems>("unmade-items"));
    assert.deepEqual(waited, [1, "BATCH_ITEM_COULD_NOT_TRIGGER", 3]);
  });

  await t.test("one that is cut off and sent again makes no run twice", async () => {
    const count = 200;
    const { body } = await engine.api.call("POST", "/api/v3/batches", JSON.stringify({ runCount: count }));
    const batchId = String(body.id);
    const lines = Array.from({ length: count }, (_, index) => {
      return `${JSON.stringify({ index, task: "echo", payload: `"item ${index}"` })}\n`;
    });
    await cutOff(engine.server, batchId, lines.slice(0, 90).join(""));
    const send = async () => {
      const response = await fetch(`${engine.server.apiUrl}/api/v3/batches/${batchId}/items`, {
        method: "POST",
        headers: { authorization: `Bearer ${engine.server.secretKey}`, "content-type": "application/x-ndjson" },
        body: lines.join(""),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const sent = await send();
    assert.equal(sent.status, 200, JSON.stringify(sent.body));
    assert.equal(sent.body.sealed, true);
    assert.equal(Number(sent.body.itemsAccepted) + Number(sent.body.itemsDeduplicated), count);
    const again = await send();
    assert.deepEqual([again.body.itemsAccepted, again.body.sealed], [0, true]);
    const found = await completed(batchId);
    assert.equal(found.runs.length, count);
    const ids = new Set(found.runs);
    const starts = await engine.marks(({ runId, name }) => name === "start" && ids.has(runId));
    assert.equal(starts.length, count, "each executed once");
  });

  await t.test("one that is never completed is ABORTED ten minutes after its last item", async () => {
    const { body } = await engine.api.call("POST", "/api/v3/batches", JSON.stringify({ runCount: 3 }));
    const batchId = String(body.id);
    await fetch(`${engine.server.apiUrl}/api/v3/batches/${batchId}/items`, {
      method: "POST",
      headers: { authorization: `Bearer ${engine.server.secretKey}`, "content-type": "application/x-ndjson" },
      body: `${JSON.stringify({ index: 0, task: "echo", payload: "1" })}\n`,
    });
    await engine.database.transaction([
      {
        name: "e2e_batch_of_long_ago",
        text: "update batch set last_item_at = now() - interval '11 minutes' where sealed_at is null",
        values: [],
      },
      {
        name: "e2e_run_of_long_ago",
        text: `update run set created_at = now() - interval '11 minutes'
          from batch where batch.id = run.batch_id and batch.sealed_at is null`,
        values: [],
      },
    ]);
    await tasks.trigger<typeof echo>("echo", 1, { delay: "1s" }); // what is due is looked at then
    assert.equal((await completed(batchId, 70_000)).status, "ABORTED");
    const { status } = await engine.api.call("POST", "/api/v3/batches", JSON.stringify({ runCount: 0 }));
    assert.ok(status >= 400 && status < 500, "a batch has at least one item");
  });

  await t.test("nothing to trigger, or too much, is refused with a sentence", async () => {
    await assert.rejects(tasks.batchTrigger<typeof echo>("echo", []), /item|batch/i);
    await assert.rejects(batch.retrieve("batch_00000000000000000000000000"), (error) => {
      return error instanceof ApiError && error.status === 404;
    });
  });
});

/** Begins to send items, and breaks the connection before the end. */
async function cutOff(
  { apiUrl, secretKey }: { readonly apiUrl: string; readonly secretKey: string },
  batchId: string,
  text: string,
): Promise<void> {
  const sending = request(`${apiUrl}/api/v3/batches/${batchId}/items`, {
    method: "POST",
    headers: { authorization: `Bearer ${secretKey}`, "content-type": "application/x-ndjson" },
  });
  sending.on("error", () => undefined); // it is what happens
  const closed = new Promise<void>((resolve) => sending.on("close", resolve));
  await new Promise<void>((resolve) => sending.write(text, () => resolve()));
  sending.destroy();
  await closed;
}
