import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { runCallSchema } from "@pawl/contract/worker-protocol";
import { z } from "zod";
import { configure } from "../client/client-settings.ts";
import { BadRequestError } from "../errors/api-error.ts";
import { BatchNotSealedError, BatchTriggerError } from "../errors/batch-error.ts";
import { TaskPayloadParsedError } from "../errors/task-error.ts";
import { fakeRun } from "../fixtures/fake-run.ts";
import { type ReceivedRequest, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { runtime } from "../runtime.ts";
import { schemaTask, task } from "../tasks/define-task.ts";
import { batch } from "./batch-api.ts";
import { tasks } from "./tasks-api.ts";

const created = { status: 202, body: { id: "batch_1", runCount: 2, isCached: false } };

async function serve(
  t: { after(body: () => unknown): void },
  items: (request: ReceivedRequest, index: number) => Reply,
) {
  const server = await startProtocolServer((request, index) =>
    request.path === "/api/v3/batches" ? created : items(request, index),
  );
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url, requestOptions: { retry: { minTimeoutInMs: 1 } } });
  return server;
}

const sealed = { body: { id: "batch_1", itemsAccepted: 2, itemsDeduplicated: 0, sealed: true } };

test("announces the batch, then sends its items as lines", async (t) => {
  const server = await serve(t, () => sealed);
  const hello = task({ id: "hello", run: async (payload: { name: string }) => payload });
  const handle = await hello.batchTrigger([
    { payload: { name: "Ada" } },
    { payload: { name: "Grace" }, options: { tags: "x" } },
  ]);
  assert.deepEqual(handle, { batchId: "batch_1", runCount: 2, isCached: false });
  const [create, items] = server.requests;
  assert.deepEqual(JSON.parse(create?.body ?? ""), { runCount: 2, taskIdentifiers: ["hello"] });
  assert.equal(items?.path, "/api/v3/batches/batch_1/items");
  assert.equal(items.headers["content-type"], "application/x-ndjson");
  assert.equal(items.headers["x-trigger-request-idempotency-key"], undefined);
  assert.deepEqual(
    items.body
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
    [
      {
        index: 0,
        task: "hello",
        payload: '{"json":{"name":"Ada"}}',
        options: { payloadType: "application/super+json" },
      },
      {
        index: 1,
        task: "hello",
        payload: '{"json":{"name":"Grace"}}',
        options: { payloadType: "application/super+json", tags: "x" },
      },
    ],
  );
});

test("sends everything again while the batch is not sealed, five times in all", async (t) => {
  const unsealed = {
    body: { id: "batch_1", itemsAccepted: 1, itemsDeduplicated: 0, sealed: false, enqueuedCount: 1, expectedCount: 2 },
  };
  const late = await serve(t, (_request, index) => (index < 3 ? unsealed : sealed));
  await tasks.batchTrigger("hello", [{ payload: 1 }, { payload: 2 }]);
  assert.equal(late.requests.length, 4);
  assert.equal(late.requests[1]?.body, late.requests[3]?.body);
  const never = await serve(t, () => unsealed);
  const error = await tasks.batchTrigger("hello", [{ payload: 1 }, { payload: 2 }]).catch((error: unknown) => error);
  assert.ok(error instanceof BatchTriggerError && error.cause instanceof BatchNotSealedError);
  assert.deepEqual([error.phase, error.batchId, error.itemCount], ["stream", "batch_1", 2]);
  assert.match(error.message, /1 of 2 items/);
  assert.equal(never.requests.length, 6);
});

test("a stream that breaks off is sent again", async (t) => {
  const server = await serve(t, (_request, index) => (index === 1 ? { status: 503 } : sealed));
  await tasks.batchTrigger("hello", [{ payload: 1 }, { payload: 2 }]);
  assert.equal(server.requests.length, 3);
});

test("large batches travel in several requests", async (t) => {
  const server = await serve(t, () => sealed);
  const payload = "x".repeat(2_900_000);
  await tasks.batchTrigger(
    "hello",
    Array.from({ length: 12 }, () => ({ payload })),
  );
  const counts = server.requests.slice(1).map((request) => request.body.trimEnd().split("\n").length);
  assert.deepEqual(counts, [5, 5, 2]);
});

test("a batch without items, or with too many, is a mistake", async (t) => {
  const server = await serve(t, () => sealed);
  await assert.rejects(tasks.batchTrigger("hello", []), { name: "RangeError", message: /has no items/ });
  const item = { payload: 1 };
  await assert.rejects(
    tasks.batchTrigger("hello", Array(10_001).fill(item)),
    /at most 10000 items, and this one has 10001/,
  );
  let read = 0;
  let isClosed = false;
  async function* endless() {
    try {
      for (;;) {
        read++;
        yield item;
      }
    } finally {
      isClosed = true;
    }
  }
  await assert.rejects(tasks.batchTrigger("hello", endless()), { name: "RangeError", message: /at most 10000 items/ });
  assert.deepEqual([read, isClosed], [10_001, true]);
  assert.equal(server.requests.length, 0);
});

test("items come from whatever can be read", async (t) => {
  const server = await serve(t, () => sealed);
  async function* later() {
    for (const payload of [1, 2]) yield { payload };
  }
  const stream = () =>
    new ReadableStream<{ payload: number }>({
      start(controller) {
        for (const payload of [1, 2]) controller.enqueue({ payload });
        controller.close();
      },
    });
  const { getReader } = stream();
  const bare = { getReader: getReader.bind(stream()) };
  for (const items of [new Set([{ payload: 1 }, { payload: 2 }]), later(), stream(), bare]) {
    await tasks.batchTrigger("hello", items);
  }
  assert.equal(server.requests.length, 8);
  const bodies = server.requests.filter((_request, index) => index % 2 === 1).map((request) => request.body);
  assert.equal(new Set(bodies).size, 1);
  // @ts-expect-error a number is no batch
  await assert.rejects(tasks.batchTrigger("hello", 5), /an array, something to iterate over, or a ReadableStream/);
});

test("a stream is let go of when an item can't be sent, and the error names the item", async (t) => {
  await serve(t, () => sealed);
  let reason: unknown = "still open";
  let next = 0;
  const stream = new ReadableStream<{ payload: unknown }>({
    pull: (controller) => controller.enqueue({ payload: next++ === 1 ? () => 1 : 1 }),
    cancel(given) {
      reason = given;
    },
  });
  const bare = { getReader: () => stream.getReader() };
  await assert.rejects(tasks.batchTrigger("hello", bare), {
    name: "PayloadError",
    message: "The payload for item 1 of the batch, task hello is a function, which JSON can't carry.",
  });
  assert.equal(reason, undefined);
});

test("the key of a batch goes to each item with its index, unless it has one", async (t) => {
  const server = await serve(t, () => sealed);
  const items = [{ payload: 1 }, { payload: 2, options: { idempotencyKey: "own" } }];
  await tasks.batchTrigger("hello", items, { idempotencyKey: "all", idempotencyKeyTTL: "1h" });
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  assert.deepEqual(JSON.parse(server.requests[0]?.body ?? ""), {
    runCount: 2,
    taskIdentifiers: ["hello"],
    idempotencyKey: hash("all"),
    idempotencyKeyOptions: { key: "all", scope: "global" },
    idempotencyKeyTTL: "1h",
  });
  const options = server.requests[1]?.body
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).options);
  assert.deepEqual(options, [
    {
      payloadType: "application/super+json",
      idempotencyKey: hash(`${hash("all")}-0`),
      idempotencyKeyOptions: { key: "all-0", scope: "global" },
      idempotencyKeyTTL: "1h",
    },
    {
      payloadType: "application/super+json",
      idempotencyKey: hash("own"),
      idempotencyKeyOptions: { key: "own", scope: "global" },
    },
  ]);
  await assert.rejects(tasks.batchTrigger("hello", items, { idempotencyKeyTTL: "ever" }), BadRequestError);
});

test("asks for the order of the items where it counts", async (t) => {
  const server = await serve(t, () => sealed);
  const items = [{ payload: 1 }, { payload: 2 }];
  await tasks.batchTrigger("hello", items, { triggerSequentially: true });
  await batch.trigger([{ id: "hello", payload: 1 }], { triggerSequentially: true });
  await tasks.batchTrigger("hello", items, { triggerSequentially: false });
  assert.deepEqual(
    server.requests.filter((_request, index) => index % 2 === 1).map(({ path }) => path.split("/items")[1]),
    ["?sequential=true", "?sequential=true", ""],
  );
});

test("a batch that another call has made is not sent again", async (t) => {
  const server = await startProtocolServer(() => ({ body: { id: "batch_1", runCount: 1, isCached: true } }));
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  assert.equal((await tasks.batchTrigger("hello", [{ payload: 1 }], { idempotencyKey: "k" })).isCached, true);
  assert.equal(server.requests.length, 1);
});

test("batches of different tasks, by id and by task", async (t) => {
  const server = await serve(t, () => sealed);
  const double = schemaTask({ id: "double", schema: z.object({ n: z.number() }), run: ({ n }) => n * 2 });
  const tick = task({ id: "tick", run: () => 1 });
  await batch.trigger<typeof double | typeof tick>([{ id: "double", payload: { n: 1 } }, { id: "tick" }]);
  await batch.triggerByTask([{ task: double, payload: { n: 1 } }, { task: tick }]);
  assert.deepEqual(JSON.parse(server.requests[0]?.body ?? "").taskIdentifiers, ["double", "tick"]);
  assert.equal(server.requests[1]?.body, server.requests[3]?.body);
  assert.match(server.requests[1]?.body ?? "", /"task":"tick","options"/);
  // @ts-expect-error n is a number
  await assert.rejects(batch.triggerByTask([{ task: double, payload: { n: "1" } }]), TaskPayloadParsedError);
});

test("in a run the batch is made through the host, and its items go over HTTP", async (t) => {
  const server = await serve(t, () => sealed);
  const parent = fakeRun({ answer: () => ({ batchId: "batch_1", runCount: 1, isCached: false }) });
  t.after(() => {
    runtime().context = null;
  });
  const handle = await parent.execute(() => tasks.batchTrigger("hello", [{ payload: 1 }], { idempotencyKey: "k" }));
  assert.deepEqual(handle, { batchId: "batch_1", runCount: 1, isCached: false });
  assert.deepEqual(
    parent.calls.map(({ kind }) => kind),
    ["batch"],
  );
  assert.ok(runCallSchema.safeParse(parent.calls[0]).success);
  assert.deepEqual(
    server.requests.map(({ path }) => path),
    ["/api/v3/batches/batch_1/items"],
  );
});

test("retrieves a batch", async (t) => {
  const time = "2026-01-02T03:04:05.000Z";
  const errors = [{ index: 1, taskIdentifier: "hello", error: "no" }];
  const body = {
    id: "batch_1",
    status: "PARTIAL_FAILED",
    createdAt: time,
    updatedAt: time,
    runCount: 2,
    runs: ["run_1"],
  };
  const server = await serve(t, () => ({ body: { ...body, processing: { completedAt: time, errors } } }));
  const found = await batch.retrieve({ batchId: "batch_1" });
  assert.equal(server.requests[0]?.path, "/api/v2/batches/batch_1");
  const at = new Date(time);
  assert.deepEqual(found, { ...body, createdAt: at, updatedAt: at, processing: { completedAt: at, errors } });
});
