import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { inlinePacketLength, readPacket } from "@pawl/contract/packet";
import { runCallSchema } from "@pawl/contract/worker-protocol";
import { z } from "zod";
import { configure } from "../client/client-settings.ts";
import { NotFoundError } from "../errors/api-error.ts";
import { CallError } from "../errors/call-error.ts";
import { RunContextError, TaskPayloadParsedError } from "../errors/task-error.ts";
import { fakeRun } from "../fixtures/fake-run.ts";
import { type ProtocolServer, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { runtime } from "../runtime.ts";
import { schemaTask, task } from "../tasks/define-task.ts";
import { tasks } from "./tasks-api.ts";

type Cleanup = { after(body: () => unknown): void };

async function serve(t: Cleanup, reply: Reply = { body: { id: "run_1", isCached: false } }): Promise<ProtocolServer> {
  const server = await startProtocolServer(() => reply);
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
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

const made = { runId: "run_1", isCached: false };

test("in a run the trigger goes through the host, and nothing goes over HTTP", async (t) => {
  const server = await serve(t);
  const parent = fakeRun({ answer: () => ({ runId: "run_9", isCached: true, publicAccessToken: "eyJ" }) });
  const handle = await parent.execute(() => tasks.trigger("t", { a: 1 }, { tags: ["x"] }));
  assert.deepEqual(handle, { id: "run_9", taskIdentifier: "t", isCached: true, publicAccessToken: "eyJ" });
  assert.deepEqual(parent.calls, [
    {
      kind: "trigger",
      taskId: "t",
      payload: '{"json":{"a":1}}',
      options: { payloadType: "application/super+json", tags: ["x"] },
    },
  ]);
  assert.ok(parent.calls.every((call) => runCallSchema.safeParse(call).success));
  assert.equal(server.requests.length, 0);
});

test("in a run a payload too long for the control connection goes over HTTP, with the parent's claim", async (t) => {
  const server = await serve(t);
  const parent = fakeRun({ answer: () => made });
  await parent.execute(async () => {
    await tasks.trigger("t", "x".repeat(inlinePacketLength - 200));
    await tasks.trigger("t", "x".repeat(inlinePacketLength + 1));
    await tasks.trigger("t", 1, { metadata: { text: "x".repeat(inlinePacketLength) } });
  });
  assert.equal(parent.calls.length, 1);
  assert.equal(server.requests.length, 2);
  const { options } = JSON.parse(server.requests[0]?.body ?? "");
  assert.deepEqual(options, { payloadType: "text/plain", parentRunId: "run_parent", parentFence: 7 });
  assert.equal(server.requests[0]?.headers["x-trigger-worker"], "true");
});

test("a refusal through the host is the error that HTTP would have given", async () => {
  const refusal = { code: "not_found", message: "There is no such task", field: "taskId" };
  const parent = fakeRun({
    answer: () => {
      throw new CallError(refusal);
    },
  });
  const error = await parent.execute(() => tasks.trigger("t", 1)).catch((error: unknown) => error);
  assert.ok(error instanceof NotFoundError);
  assert.deepEqual([error.status, error.code, error.param], [404, "not_found", "taskId"]);
  assert.equal(error.message, "404 There is no such task");
});

test("functions and symbols are no silent loss", async (t) => {
  const server = await serve(t);
  const circular: { self?: unknown } = {};
  circular.self = circular;
  const broken: readonly [unknown, string][] = [
    [{ a: [{ on: () => 1 }] }, "The payload for task t has at a[0].on a function, which JSON can't carry."],
    [() => 1, "The payload for task t is a function, which JSON can't carry."],
    [new Map([["key", { f() {} }]]), "The payload for task t has at key.f a function, which JSON can't carry."],
    [new Set([1, Symbol("s")]), "The payload for task t has at [1] a symbol, which JSON can't carry."],
  ];
  for (const [payload, message] of broken) {
    await assert.rejects(tasks.trigger("t", payload), { name: "PayloadError", message });
  }
  assert.equal(server.requests.length, 0);
  class Money {
    format = () => "1 €";
    toJSON() {
      return 1;
    }
  }
  for (const payload of [circular, new Money(), { at: new Date(), pattern: /a/, error: new Error("e") }]) {
    await tasks.trigger("t", payload);
  }
  assert.equal(server.requests.length, 3);
});

test("in a run process a call with a missing or ended context is refused, and the error names the cause", async (t) => {
  const server = await serve(t);
  const parent = fakeRun({});
  await assert.rejects(tasks.trigger("t", 1), (error) => {
    return (
      error instanceof RunContextError && /outside any run.*connection pool's socket.*data loader/s.test(error.message)
    );
  });
  const late = parent.execute(async () => {
    parent.end();
    return tasks.batchTrigger("t", [{ payload: 1 }]);
  });
  await assert.rejects(late, (error) => error instanceof RunContextError && /a run that has ended/.test(error.message));
  assert.equal(server.requests.length, 0);
});

test("a handle has a token that lives as long as the call asks for", async (t) => {
  const server = await startProtocolServer(({ path }) =>
    path.endsWith("/trigger")
      ? { body: { id: "run_1" }, headers: { "x-trigger-jwt": "short" } }
      : { body: { token: "long" } },
  );
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  assert.equal((await tasks.trigger("hello", 1)).publicAccessToken, "short");
  const asked = await tasks.trigger("hello", 1, {}, { publicAccessToken: { expirationTime: "24hr" } });
  assert.equal(asked.publicAccessToken, "long");
  assert.deepEqual(JSON.parse(server.requests.at(-1)?.body ?? ""), {
    scopes: ["read:runs:run_1"],
    expirationTime: "24hr",
  });
  const count = server.requests.length;
  const never = tasks.trigger("hello", 1, {}, { publicAccessToken: { expirationTime: "for ever" } });
  await assert.rejects(never, /The expirationTime must be a duration such as 1h/);
  assert.equal(server.requests.length, count);
});
