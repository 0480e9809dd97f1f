import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { connectHost, hello } from "../fixtures/connected-host.ts";
import { call, manifestOf, type StartedApi, startApi } from "../fixtures/started-api.ts";

async function trigger(api: StartedApi, body: object = {}): Promise<string> {
  const answer = await call(api, "POST", "/api/v1/tasks/a/trigger", { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.id;
}

const retrieve = async (api: StartedApi, id: string) => (await call(api, "GET", `/api/v3/runs/${id}`)).body;

test("a cancelled run ends, and so do the runs it has made; again changes nothing", async (t) => {
  const api = await startApi(t);
  const id = await trigger(api);
  const child = await trigger(api, { options: { parentRunId: id, delay: "1h" } });
  assert.equal((await call(api, "GET", `/api/v1/runs/${id}/result`)).status, 404);
  for (let i = 0; i < 2; i++) {
    const answer = await call(api, "POST", `/api/v2/runs/${id}/cancel`);
    assert.deepEqual([answer.status, answer.body], [200, { id }]);
  }
  for (const run of [await retrieve(api, id), await retrieve(api, child)]) {
    assert.deepEqual([run.status, run.isCancelled, run.isCompleted], ["CANCELED", true, true]);
    assert.ok(!("reason" in run));
  }
  const result = (await call(api, "GET", `/api/v1/runs/${id}/result`)).body;
  assert.deepEqual([result.ok, result.id, result.taskIdentifier], [false, id, "a"]);
  assert.equal(result.error.code, "TASK_RUN_CANCELLED");
  assert.deepEqual((await call(api, "GET", `/api/v1/runs/${id}/explain`)).body, { reason: null, conditions: [] });
});

test("a replay is a new run with what the body changes", async (t) => {
  const api = await startApi(t);
  const { label } = (await call(api, "POST", "/worker/v1/versions", { body: manifestOf("a") })).body;
  const options = {
    payloadType: "application/super+json",
    tags: ["x"],
    metadata: { a: 1 },
    concurrencyKey: "c",
    ttl: "1h",
  };
  const id = await trigger(api, { payload: '{"json":{"n":1}}', options });
  const replay = async (body?: object) => {
    const answer = await call(api, "POST", `/api/v1/runs/${id}/replay`, { body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.ok(answer.headers.get("x-trigger-jwt"));
    return retrieve(api, answer.body.id);
  };
  const same = await replay();
  assert.notEqual(same.id, id);
  assert.deepEqual([same.payload, same.tags, same.metadata, same.ttl], [{ n: 1 }, ["x"], { a: 1 }, "1h"]);
  const other = await replay({
    payload: '{"json":{"n":2}}',
    payloadType: "application/super+json",
    tags: ["y"],
    metadata: { b: 2 },
    ttl: "2h",
    delay: "1h",
    version: label,
    idempotencyKey: "k",
    queue: "emails",
    maxAttempts: 2,
    maxDuration: 60,
    priority: 1,
    machine: "micro",
    concurrencyKey: "d",
    region: "mars",
  });
  assert.deepEqual([other.payload, other.tags, other.metadata, other.ttl], [{ n: 2 }, ["y"], { b: 2 }, "2h"]);
  assert.deepEqual([other.status, other.version, other.idempotencyKey], ["DELAYED", label, "k"]);
  assert.equal((await replay({ version: "latest", queue: { name: "emails" } })).status, "QUEUED");
  const listed = await call(api, "GET", "/api/v1/runs?filter[queue]=emails");
  assert.equal(listed.body.data.length, 2);

  const bad: [object, number, string][] = [
    [{ version: "20200101.1" }, 422, "version"],
    [{ delay: "soon" }, 400, "delay"],
    [{ colour: "red" }, 400, "colour"],
    [{ queue: "a\0" }, 422, "queue"],
    [{ payload: { a: 1 }, payloadType: "text/plain" }, 400, "payload"],
  ];
  for (const [body, status, param] of bad) {
    const answer = await call(api, "POST", `/api/v1/runs/${id}/replay`, { body });
    assert.deepEqual([answer.status, answer.body.param], [status, param], JSON.stringify(answer.body));
  }
  assert.equal((await call(api, "POST", `/api/v1/runs/${toPublicId("run", newUuid())}/replay`)).status, 404);
  assert.deepEqual(api.bugs, []);
});

test("a delayed run is given another time", async (t) => {
  const api = await startApi(t);
  await call(api, "POST", "/worker/v1/versions", { body: manifestOf("a") });
  const id = await trigger(api, { options: { delay: "1h" } });
  const at = "2100-01-01T00:00:00.000Z";
  const moved = await call(api, "POST", `/api/v1/runs/${id}/reschedule`, { body: { delay: at } });
  assert.deepEqual([moved.status, moved.body.id, moved.body.delayedUntil], [200, id, at]);
  assert.deepEqual(await retrieve(api, id), moved.body);
  const queued = await trigger(api);
  const refused = await call(api, "POST", `/api/v1/runs/${queued}/reschedule`, { body: { delay: "1h" } });
  assert.equal(refused.status, 422);
  assert.match(refused.body.error, /is not delayed/);
  const bad = await call(api, "POST", `/api/v1/runs/${id}/reschedule`, { body: {} });
  assert.deepEqual([bad.status, bad.body.param], [400, "delay"]);
  const unknown = toPublicId("run", newUuid());
  assert.equal((await call(api, "POST", `/api/v1/runs/${unknown}/reschedule`, { body: { delay: "1h" } })).status, 404);
  for (const path of ["v2/runs/:id/cancel", "v1/runs/:id/result", "v1/runs/:id/explain"]) {
    const method = path.endsWith("cancel") ? "POST" : "GET";
    assert.equal((await call(api, method, `/api/${path.replace(":id", unknown)}`)).status, 404, path);
  }
});

test("a completed run has its output as a packet, and an executing one is told to end", async (t) => {
  const api = await startApi(t);
  const version = (await call(api, "POST", "/worker/v1/versions", { body: manifestOf("a") })).body;
  const host = await connectHost(api);
  host.send(hello([version.id]));
  await host.next();
  const id = await trigger(api);
  const push = await host.next();
  assert.ok(push.type === "runs");
  const [run] = push.runs;
  assert.ok(run);
  assert.deepEqual((await call(api, "GET", `/api/v1/runs/${id}/explain`)).body, { reason: null, conditions: [] });
  const held = { runId: run.runId, fence: run.fence };
  const result = {
    ...held,
    kind: "completed",
    output: '{"json":1}',
    outputType: "application/super+json",
    durationMs: 5,
  };
  const report = { type: "report", report: 1, results: [result], started: [], returned: [], orphaned: [] };
  host.send({ ...report, capacity: { ready: 1, ahead: 0, processes: 1, afterPush: 1 } });
  await host.next();
  assert.deepEqual((await call(api, "GET", `/api/v1/runs/${id}/result`)).body, {
    ok: true,
    id,
    taskIdentifier: "a",
    usage: { durationMs: 5 },
    output: '{"json":1}',
    outputType: "application/super+json",
  });

  const second = await trigger(api);
  const pushed = await host.next();
  assert.ok(pushed.type === "runs");
  await call(api, "POST", `/api/v2/runs/${second}/cancel`);
  assert.deepEqual(await host.next(), { type: "cancel", runs: [{ runId: second, fence: pushed.runs[0]?.fence }] });
  const explained = (await call(api, "GET", `/api/v1/runs/${second}/explain`)).body;
  assert.match(explained.reason, /was cancelled: its code on host test/);
  assert.deepEqual(explained.conditions.length, 1);
});
