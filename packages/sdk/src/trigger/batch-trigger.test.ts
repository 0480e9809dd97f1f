import assert from "node:assert/strict";
import { test } from "node:test";
import { configure } from "../client/client-settings.ts";
import { BatchNotSealedError, BatchTriggerError } from "../errors/batch-error.ts";
import { type ReceivedRequest, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { task } from "../tasks/define-task.ts";
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
  assert.deepEqual(handle, { batchId: "batch_1", runCount: 2 });
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

test("a batch without items is a mistake", async (t) => {
  await serve(t, () => sealed);
  await assert.rejects(tasks.batchTrigger("hello", []), /has no items/);
});
