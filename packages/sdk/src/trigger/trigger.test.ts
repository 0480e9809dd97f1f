import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, test } from "node:test";
import { readPacket } from "@pawl/contract/packet";
import { z } from "zod";
import { configure } from "../client/client-settings.ts";
import { NotFoundError } from "../errors/api-error.ts";
import { RunContextError, TaskPayloadParsedError } from "../errors/task-error.ts";
import { type ProtocolServer, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { type ActiveRun, type RunCell, runtime } from "../runtime.ts";
import { schemaTask, task } from "../tasks/define-task.ts";
import { tasks } from "./tasks-api.ts";

type Cleanup = { after(body: () => unknown): void };

async function serve(t: Cleanup, reply: Reply = { body: { id: "run_1", isCached: false } }): Promise<ProtocolServer> {
  const server = await startProtocolServer(() => reply);
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
}

function activeRun(runId: string): ActiveRun {
  return { runId, taskId: "parent", attempt: 1, signal: new AbortController().signal, log() {} };
}

afterEach(() => {
  runtime().context = null;
});

test("posts payload and options, and gives a handle", async (t) => {
  const server = await serve(t, { body: { id: "run_1", isCached: true }, headers: { "x-trigger-jwt": "eyJ" } });
  const at = new Date(0);
  const handle = await tasks.trigger("my/weird task", { at }, { tags: ["a"], maxAttempts: 2, version: "20260101.1" });
  assert.deepEqual(handle, { id: "run_1", taskIdentifier: "my/weird task", isCached: true, publicAccessToken: "eyJ" });
  const [request] = server.requests;
  assert.equal(request?.path, "/api/v1/tasks/my%2Fweird%20task/trigger");
  const body = JSON.parse(request.body);
  assert.deepEqual(readPacket({ text: body.payload, type: body.options.payloadType }), { at });
  const options = { payloadType: "application/super+json", maxAttempts: 2, tags: ["a"], lockToVersion: "20260101.1" };
  assert.deepEqual(body.options, options);
});

test("a task triggers by itself, a string travels as text, nothing as nothing", async (t) => {
  const server = await serve(t);
  await task({ id: "text", run: async (text: string) => text }).trigger("hello");
  await task({ id: "none", run: async () => 1 }).trigger();
  const bodies = server.requests.map((request) => JSON.parse(request.body));
  assert.deepEqual(bodies[0], { payload: "hello", options: { payloadType: "text/plain" } });
  assert.deepEqual(bodies[1], { options: { payloadType: "application/json" } });
});

test("a schema is checked on the caller's side, and the payload is sent as it was", async (t) => {
  const server = await serve(t);
  const double = schemaTask({
    id: "double",
    schema: z.object({ n: z.number().transform((n) => n * 2) }),
    run: ({ n }) => n,
  });
  await double.trigger({ n: 2 });
  assert.equal(JSON.parse(server.requests[0]?.body ?? "").payload, '{"json":{"n":2}}');
  // @ts-expect-error n is a number
  await assert.rejects(double.trigger({ n: "2" }), TaskPayloadParsedError);
  // @ts-expect-error n is a number
  await assert.rejects(double.batchTrigger([{ payload: { n: "2" } }]), TaskPayloadParsedError);
  assert.equal(server.requests.length, 1);
});

test("a payload that can't be sent is refused before anything is sent", async (t) => {
  const server = await serve(t);
  const broken = { a: { b: [1, { toJSON: () => assert.fail("no JSON of me") }] } };
  await assert.rejects(tasks.trigger("t", broken), {
    name: "PayloadError",
    message: /JSON at a\.b\[1\]: no JSON of me/,
  });
  await assert.rejects(tasks.trigger("t", "é".repeat(1_600_000)), {
    name: "PayloadError",
    message: /3\.1 MB; at most 3 MB/,
  });
  await tasks.trigger("t", "e".repeat(3 * 1024 * 1024));
  assert.equal(server.requests.length, 1);
});

test("the server's refusal is the caller's error", async (t) => {
  await serve(t, { status: 404, body: { error: "Task not found" } });
  await assert.rejects(tasks.trigger("t", 1), NotFoundError);
});

test("an answer without an id is none of Pawl's", async (t) => {
  await serve(t, { body: {} });
  await assert.rejects(tasks.trigger("t", 1), { name: "TriggerApiError", message: /lacks the id of a run/ });
});

test("in a run the parent goes along", async (t) => {
  const server = await serve(t);
  const context = new AsyncLocalStorage<RunCell>();
  runtime().context = context;
  await context.run({ run: activeRun("run_parent") }, () => tasks.trigger("t", 1));
  assert.equal(JSON.parse(server.requests[0]?.body ?? "").options.parentRunId, "run_parent");
  assert.equal(server.requests[0]?.headers["x-trigger-worker"], "true");
});

test("in a run process a call with a missing or ended context is refused, and the error names the cause", async (t) => {
  const server = await serve(t);
  const context = new AsyncLocalStorage<RunCell>();
  runtime().context = context;
  await assert.rejects(tasks.trigger("t", 1), (error) => {
    return (
      error instanceof RunContextError && /outside any run.*connection pool's socket.*data loader/s.test(error.message)
    );
  });
  const cell: RunCell = { run: activeRun("run_parent") };
  const late = context.run(cell, async () => {
    cell.run = null;
    return tasks.batchTrigger("t", [{ payload: 1 }]);
  });
  await assert.rejects(late, (error) => error instanceof RunContextError && /a run that has ended/.test(error.message));
  assert.equal(server.requests.length, 0);
});
