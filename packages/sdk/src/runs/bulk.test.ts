import assert from "node:assert/strict";
import { test } from "node:test";
import { createBulkActionBodySchema } from "@pawl/contract/api/bulk-actions";
import { configure } from "../client/client-settings.ts";
import { ApiSchemaValidationError } from "../errors/api-error.ts";
import { type ReceivedRequest, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { runs } from "./runs-api.ts";

const time = "2026-01-02T03:04:05.000Z";

async function serve(
  t: { after(body: () => unknown): void },
  reply: (request: ReceivedRequest, index: number) => Reply,
) {
  const server = await startProtocolServer(reply);
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
}

test("cancels and replays by filter, by ids and all", async (t) => {
  const server = await serve(t, () => ({ status: 202, body: { id: "bulk_1" } }));
  const filter = {
    status: ["FAILED", "CRASHED"],
    taskIdentifier: "a",
    tag: ["x", "y"],
    queue: [{ type: "task", name: "a" }, "mail"],
    machine: "micro",
    region: "default",
    version: "20260101.1",
    isTest: false,
    from: new Date(time),
    to: 1_767_323_045_000,
    period: "7d",
  } as const;
  assert.deepEqual(await runs.bulk.cancel({ filter, name: "mine" }), { id: "bulk_1" });
  await runs.bulk.replay({ runIds: ["run_1"], targetRegion: "default" });
  await runs.bulk.cancel({ all: true });
  const bodies = server.requests.map(({ method, path, body }) => {
    assert.equal(`${method} ${path}`, "POST /api/v1/bulk-actions");
    return createBulkActionBodySchema.parse(JSON.parse(body));
  });
  const [first, second, third] = bodies.map((body) => JSON.parse(JSON.stringify(body)));
  assert.deepEqual(first, {
    action: "cancel",
    name: "mine",
    filter: {
      ...filter,
      taskIdentifier: ["a"],
      queue: ["task/a", "mail"],
      machine: ["micro"],
      region: ["default"],
      version: ["20260101.1"],
      from: time,
      to: new Date(1_767_323_045_000).toISOString(),
    },
  });
  assert.deepEqual(second, { action: "replay", runIds: ["run_1"], targetRegion: "default" });
  assert.deepEqual(third, { action: "cancel", all: true });
});

test("gets an action, and waits for its end", async (t) => {
  const server = await serve(t, (_request, index) => ({
    body: {
      id: "bulk_1",
      type: "REPLAY",
      status: index < 2 ? "PENDING" : "ABORTED",
      counts: { total: 3, success: index, failure: 0 },
      createdAt: time,
      ...(index < 2 ? {} : { completedAt: time }),
    },
  }));
  const pending = await runs.bulk.retrieve("bulk_1");
  assert.deepEqual([pending.createdAt, pending.completedAt], [new Date(time), undefined]);
  const over = await runs.bulk.poll({ id: "bulk_1" }, { pollIntervalMs: 1 });
  assert.deepEqual([over.status, over.counts.success, over.completedAt], ["ABORTED", 2, new Date(time)]);
  assert.deepEqual(
    server.requests.map(({ method, path }) => `${method} ${path}`),
    Array.from({ length: 3 }, () => "GET /api/v1/bulk-actions/bulk_1"),
  );
});

test("lists actions page by page, and aborts one", async (t) => {
  const server = await serve(t, ({ method }, index) => ({
    body:
      method === "POST"
        ? { id: "bulk_1" }
        : { data: [{ id: `bulk_${index}`, createdAt: time }], pagination: index === 0 ? { next: "bulk_0" } : {} },
  }));
  const found = [];
  for await (const action of runs.bulk.list({ limit: 1 })) found.push(action);
  assert.deepEqual(
    found.map(({ id, createdAt }) => [id, createdAt]),
    [
      ["bulk_0", new Date(time)],
      ["bulk_1", new Date(time)],
    ],
  );
  assert.deepEqual(await runs.bulk.abort(found[1] ?? ""), { id: "bulk_1" });
  assert.deepEqual(
    server.requests.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`),
    [
      "GET /api/v1/bulk-actions?page[size]=1",
      "GET /api/v1/bulk-actions?page[size]=1&page[after]=bulk_0",
      "POST /api/v1/bulk-actions/bulk_1/abort",
    ],
  );
});

test("an answer that is no bulk action is an error", async (t) => {
  await serve(t, () => ({ body: { ok: true } }));
  await assert.rejects(runs.bulk.retrieve("bulk_1"), ApiSchemaValidationError);
  await assert.rejects(runs.bulk.cancel({ all: true }), ApiSchemaValidationError);
  await assert.rejects(runs.bulk.list(), ApiSchemaValidationError);
});

test("lists runs by what made them, and by queues as the platform names them", async (t) => {
  const server = await serve(t, () => ({ body: { data: [], pagination: {} } }));
  await runs.list({ schedule: "sched_1", bulkAction: "bulk_1", machine: "micro", queue: { type: "task", name: "a" } });
  assert.equal(
    decodeURIComponent(server.requests[0]?.path ?? ""),
    "/api/v1/runs?filter[queue]=task/a&filter[machine]=micro&filter[schedule]=sched_1&filter[bulkAction]=bulk_1",
  );
});
