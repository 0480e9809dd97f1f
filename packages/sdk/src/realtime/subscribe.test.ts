import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { configure } from "../client/client-settings.ts";
import {
  ApiSchemaValidationError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
} from "../errors/api-error.ts";
import { type ReceivedRequest, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { runs } from "../runs/runs-api.ts";

const row = {
  id: "0197",
  friendlyId: "run_1",
  taskIdentifier: "hello",
  status: "EXECUTING",
  createdAt: "2026-01-02T03:04:05.000",
  updatedAt: "2026-01-02T03:04:06.000",
  startedAt: "2026-01-02T03:04:06.000",
  delayUntil: null,
  queuedAt: "2026-01-02T03:04:05.000",
  completedAt: null,
  idempotencyKey: null,
  isTest: false,
  usageDurationMs: 12,
  costInCents: 0,
  baseCostInCents: 0,
  ttl: null,
  payload: '{"json":{"at":"1970-01-01T00:00:00.000Z"},"meta":{"values":{"at":["Date"]}}}',
  payloadType: "application/super+json",
  metadata: '{"step":1}',
  metadataType: "application/json",
  output: null,
  outputType: "application/json",
  runTags: ["a"],
  error: null,
};
const completed = {
  ...row,
  status: "COMPLETED_SUCCESSFULLY",
  completedAt: "2026-01-02T03:04:07.000",
  output: "done",
  outputType: "text/plain",
};

let answers = 0;

function rows(...values: readonly object[]): Exclude<Reply, "hang up"> {
  const messages = values.map((value) => ({ key: "k", value, headers: { operation: "update" } }));
  return {
    headers: { "electric-handle": "h", "electric-offset": `${++answers}_0`, "electric-cursor": "c" },
    body: [...messages, { headers: { control: "up-to-date" } }],
  };
}

async function serve(
  t: { after(body: () => unknown): void },
  reply: (request: ReceivedRequest, index: number) => Reply | Promise<Reply>,
) {
  const server = await startProtocolServer(reply);
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
}

/** Answers in turn; the last one for ever. */
const inTurn =
  (...replies: readonly Reply[]) =>
  (_request: ReceivedRequest, index: number): Reply =>
    replies[Math.min(index, replies.length - 1)] ?? {};

const statusesOf = async (subscription: AsyncIterable<{ readonly status: string }>) => {
  const statuses: string[] = [];
  for await (const { status } of subscription) statuses.push(status);
  return statuses;
};

const queryOf = (request: ReceivedRequest | undefined) =>
  Object.fromEntries(new URL(request?.path ?? "", "http://a").searchParams);

test("follows a run until it has ended", async (t) => {
  const server = await serve(t, inTurn(rows(row), rows(), rows(completed)));
  const seen = [];
  for await (const run of runs.subscribeToRun({ id: "run_1" }, { skipColumns: ["error", "ttl"] })) seen.push(run);
  const [first, last] = seen;
  assert.deepEqual(first, {
    id: "run_1",
    taskIdentifier: "hello",
    status: "EXECUTING",
    isQueued: false,
    isExecuting: true,
    isWaiting: false,
    isCompleted: false,
    isSuccess: false,
    isFailed: false,
    isCancelled: false,
    createdAt: new Date("2026-01-02T03:04:05.000Z"),
    updatedAt: new Date("2026-01-02T03:04:06.000Z"),
    startedAt: new Date("2026-01-02T03:04:06.000Z"),
    queuedAt: new Date("2026-01-02T03:04:05.000Z"),
    payload: { at: new Date(0) },
    metadata: { step: 1 },
    tags: ["a"],
    realtimeStreams: [],
    isTest: false,
    durationMs: 12,
    costInCents: 0,
    baseCostInCents: 0,
  });
  assert.equal(seen.length, 2);
  assert.deepEqual([last?.status, last?.isSuccess, last?.output], ["COMPLETED", true, "done"]);
  assert.deepEqual(last?.finishedAt, new Date("2026-01-02T03:04:07.000Z"));
  const [snapshot, live, ...rest] = server.requests;
  assert.match(snapshot?.path ?? "", /^\/realtime\/v1\/runs\/run_1\?/);
  assert.equal(snapshot?.headers.authorization, "Bearer tr_dev_key");
  assert.deepEqual(queryOf(snapshot), { log: "full", offset: "-1", skipColumns: "error,ttl" });
  const { offset, ...named } = queryOf(live);
  assert.match(offset ?? "", /^\d+_0$/);
  assert.deepEqual(named, { log: "full", handle: "h", live: "true", cursor: "c", skipColumns: "error,ttl" });
  assert.equal(rest.length, 1);
});

test("a run that fails has its error, whatever was thrown", async (t) => {
  const failed = { ...row, status: "COMPLETED_WITH_ERRORS", completedAt: row.updatedAt };
  const errors = [
    [{ type: "BUILT_IN_ERROR", name: "TypeError", message: "no", stackTrace: "at a" }, "TypeError", "no"],
    [{ type: "STRING_ERROR", raw: "thrown" }, undefined, "thrown"],
    [{ type: "INTERNAL_ERROR", code: "MAX_DURATION_EXCEEDED" }, "MAX_DURATION_EXCEEDED", /Raise maxDuration/],
  ] as const;
  for (const [error, name, message] of errors) {
    await serve(t, () => rows({ ...failed, error }));
    for await (const run of runs.subscribeToRun("run_1")) {
      assert.deepEqual([run.status, run.isFailed, run.error?.name], ["FAILED", true, name]);
      assert.match(run.error?.message ?? "", new RegExp(message));
    }
  }
});

test("names statuses as the rest of the API does", async (t) => {
  const statuses = ["PENDING", "DEQUEUED", "WAITING_TO_RESUME", "EXPIRED"];
  await serve(t, inTurn(...statuses.map((status) => rows({ ...row, status }))));
  assert.deepEqual(await statusesOf(runs.subscribeToRun("run_1")), ["QUEUED", "DEQUEUED", "WAITING", "EXPIRED"]);
});

test("goes on after failures and broken connections, and tells nothing twice", async (t) => {
  const server = await serve(
    t,
    inTurn(
      "hang up",
      { status: 503 },
      rows(row),
      { status: 502 },
      "hang up",
      { status: 429 },
      rows(row),
      rows(completed),
    ),
  );
  assert.deepEqual(await statusesOf(runs.subscribeToRun("run_1")), ["EXECUTING", "COMPLETED"]);
  assert.equal(server.requests.length, 8);
  assert.equal(queryOf(server.requests[6]).live, "true", "it goes on where it was");
});

test("begins anew when the server does not know what was read", async (t) => {
  const server = await serve(t, inTurn(rows(row), { status: 409, body: [] }, rows(row), rows(completed)));
  assert.deepEqual(await statusesOf(runs.subscribeToRun("run_1")), ["EXECUTING", "COMPLETED"]);
  assert.deepEqual(
    server.requests.map((request) => queryOf(request).live),
    [undefined, "true", undefined, "true"],
  );
});

test("a refusal ends the loop", async (t) => {
  const refusals = [
    [400, BadRequestError],
    [401, AuthenticationError],
    [403, PermissionDeniedError],
    [404, NotFoundError],
  ] as const;
  for (const [status, refusal] of refusals) {
    const server = await serve(t, inTurn(rows(row), { status, body: { error: "no" } }));
    await assert.rejects(statusesOf(runs.subscribeToRun("run_1")), refusal);
    assert.equal(server.requests.length, 2);
  }
});

test("another server's answer ends the loop", async (t) => {
  for (const body of ["<html>", { ok: true }, [{ value: {} }]]) {
    await serve(t, () => ({ ...rows(), body }));
    await assert.rejects(statusesOf(runs.subscribeToRun("run_1")), ApiSchemaValidationError);
  }
  await serve(t, () => ({ body: [] }));
  await assert.rejects(statusesOf(runs.subscribeToRun("run_1")), /Is TRIGGER_API_URL the URL/);
});

test("a break, a signal and unsubscribe end the request that waits", async (t) => {
  const server = await serve(t, ({ path }) =>
    path.includes("live=true") ? new Promise<Reply>(() => undefined) : rows(row),
  );
  const story = new EventEmitter();
  server.server.on("request", ({ url = "" }, outgoing) => {
    if (!url.includes("live=true")) return;
    outgoing.once("close", () => story.emit("given up"));
    story.emit("waiting");
  });

  for await (const run of runs.subscribeToRun("run_1")) {
    assert.equal(run.status, "EXECUTING");
    break;
  }
  assert.equal(server.requests.length, 1);

  const ending = new AbortController();
  const byTag = runs.subscribeToRunsWithTag(["a", "b"], { signal: ending.signal, createdAt: "1h" });
  const byBatch = runs.subscribeToBatch({ batchId: "batch_1" });
  for (const [subscription, end] of [
    [byTag, () => ending.abort()],
    [byBatch, () => byBatch.unsubscribe()],
  ] as const) {
    const [isWaiting, isGivenUp] = [once(story, "waiting"), once(story, "given up")];
    const isOver = statusesOf(subscription);
    await isWaiting;
    end();
    assert.deepEqual(await isOver, ["EXECUTING"]);
    await isGivenUp;
  }
  assert.deepEqual(await statusesOf(byTag), [], "after its signal nothing begins");

  const [isWaiting, isGivenUp] = [once(story, "waiting"), once(story, "given up")];
  const reader = runs.subscribeToRun("run_1").getReader();
  assert.equal((await reader.read()).value?.status, "EXECUTING");
  const next = reader.read();
  await isWaiting;
  await reader.cancel();
  assert.deepEqual(await next, { done: true, value: undefined });
  await isGivenUp;
});

test("asks for tags and batches as the routes say", async (t) => {
  const server = await serve(t, () => rows(row));
  for await (const _run of runs.subscribeToRunsWithTag(["a", "b c"], { createdAt: "1h" })) break;
  for await (const _run of runs.subscribeToBatch("batch_1")) break;
  const [tagged, batch] = server.requests;
  assert.deepEqual(queryOf(tagged), { log: "full", offset: "-1", tags: "a,b c", createdAt: "1h" });
  assert.match(batch?.path ?? "", /^\/realtime\/v1\/batches\/batch_1\?/);
  for (const tags of [[], "", "a,b", ["a", "b,c"]]) {
    assert.throws(() => runs.subscribeToRunsWithTag(tags), BadRequestError);
  }
});
