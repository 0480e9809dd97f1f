import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { call, startApi } from "../fixtures/started-api.ts";

test("a packet comes back as what was sent", async (t) => {
  const api = await startApi(t);
  const sent = { payload: '{"json":{"at":"1970-01-01T00:00:00.000Z"},"meta":{"values":{"at":["Date"]}}}' };
  const options = { payloadType: "application/super+json", payloadSize: 1, tags: "a", maxAttempts: 2, test: true };
  const { status, body } = await call(api, "POST", "/api/v1/tasks/my%2Fweird%20task/trigger", {
    body: { ...sent, options: { ...options, somethingNew: { x: 1 }, queue: null } },
  });
  assert.equal(status, 200);
  assert.match(body.id, /^run_[0-9a-z]{26}$/);
  assert.equal(body.isCached, false);
  const run = (await call(api, "GET", `/api/v3/runs/${body.id}`)).body;
  assert.equal(run.taskIdentifier, "my/weird task");
  assert.deepEqual(run.payload, { at: "1970-01-01T00:00:00.000Z" });
  assert.deepEqual(run.tags, ["a"]);
  assert.equal(run.isTest, true);
});

test("any JSON value is a payload, and so is none", async (t) => {
  const api = await startApi(t);
  for (const payload of [{ a: [1] }, [1, 2], "text", 7, false, null, undefined]) {
    const { body } = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { payload } });
    assert.deepEqual((await call(api, "GET", `/api/v3/runs/${body.id}`)).body.payload, payload);
  }
  const empty = await call(api, "POST", "/api/v1/tasks/a/trigger", { headers: { "content-type": "application/json" } });
  assert.equal(empty.status, 200);
  const plain = await call(api, "POST", "/api/v1/tasks/a/trigger", {
    headers: { "content-type": "text/plain;charset=UTF-8" },
    body: { payload: "x", options: { payloadType: "text/plain" } },
  });
  assert.equal((await call(api, "GET", `/api/v3/runs/${plain.body.id}`)).body.payload, "x");
});

test("a retry with the same request key finds the run of the first try", async (t) => {
  const api = await startApi(t);
  const headers = { "x-trigger-request-idempotency-key": "key-1" };
  const first = await call(api, "POST", "/api/v1/tasks/a/trigger", { headers, body: { payload: 1 } });
  const second = await call(api, "POST", "/api/v1/tasks/a/trigger", { headers, body: { payload: 1 } });
  assert.deepEqual(second.body, first.body);
  assert.equal((await call(api, "GET", "/api/v1/runs")).body.data.length, 1);
});

test("the answer carries a token that reads the run", async (t) => {
  const api = await startApi(t);
  const { body, headers } = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: {} });
  const [header = "", claims = "", signature] = headers.get("x-trigger-jwt")?.split(".") ?? [];
  assert.equal(signature, createHmac("sha256", api.key).update(`${header}.${claims}`).digest("base64url"));
  assert.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), { alg: "HS256" });
  const { iat, exp, sub, ...rest } = JSON.parse(Buffer.from(claims, "base64url").toString());
  assert.deepEqual(rest, {
    iss: "https://id.trigger.dev",
    aud: "https://api.trigger.dev",
    pub: true,
    scopes: [`read:runs:${body.id}`, `write:inputStreams:${body.id}`],
  });
  assert.equal(exp - iat, 3_600);
  assert.equal(sub, (await call(api, "GET", "/api/v1/runs")).body.data[0].env.id);
});

const packet = (payload: unknown, payloadType = "application/super+json") => ({ payload, options: { payloadType } });
const refusals: Record<string, { body: unknown; status: number; param?: string; error: RegExp; path?: string }> = {
  "broken JSON": { body: '{"payload":', status: 400, error: /not valid JSON/ },
  "a body that is no object": { body: "[]", status: 400, param: "body", error: /^body: / },
  "a wrong type": {
    body: { options: { maxAttempts: "3" } },
    status: 400,
    param: "options.maxAttempts",
    error: /^options\.maxAttempts: /,
  },
  "a number out of range": {
    body: { options: { maxAttempts: 251 } },
    status: 400,
    param: "options.maxAttempts",
    error: /250/,
  },
  "too many tags": {
    body: { options: { tags: Array(11).fill("x") } },
    status: 400,
    param: "options.tags",
    error: /10/,
  },
  "a tag that is too long": {
    body: { options: { tags: "x".repeat(129) } },
    status: 400,
    param: "options.tags",
    error: /128/,
  },
  "an unknown payload type": {
    body: packet("x", "image/png"),
    status: 400,
    param: "options.payloadType",
    error: /text\/plain/,
  },
  "a packet that is no text": { body: packet({ a: 1 }), status: 400, param: "payload", error: /must be a string/ },
  "a stored packet": {
    body: packet("a/b", "application/store"),
    status: 422,
    param: "payload",
    error: /nothing was stored under a\/b/,
  },
  "a NUL in the payload": { body: packet("a\0b", "text/plain"), status: 422, param: "payload", error: /NUL/ },
  "a NUL in a tag": { body: { options: { tags: ["a\0"] } }, status: 422, param: "options.tags", error: /NUL/ },
  "a NUL in the task": { body: {}, path: "/api/v1/tasks/a%00/trigger", status: 422, param: "taskId", error: /NUL/ },
  "a task id that is too long": {
    body: {},
    path: `/api/v1/tasks/${"x".repeat(129)}/trigger`,
    status: 400,
    param: "task",
    error: /128/,
  },
  "a delay that is no time": {
    body: { options: { delay: "soon" } },
    status: 400,
    param: "options.delay",
    error: /no time.*1h30m/,
  },
  "a delay over a hundred years": {
    body: { options: { delay: "5300w" } },
    status: 400,
    param: "options.delay",
    error: /no time/,
  },
  "a ttl that is no duration": {
    body: { options: { ttl: "10" } },
    status: 400,
    param: "options.ttl",
    error: /no duration: write it as 30s/,
  },
  "a negative ttl": { body: { options: { ttl: -1 } }, status: 400, param: "options.ttl", error: /from 0 to/ },
  "an empty idempotency key": {
    body: { options: { idempotencyKey: "" } },
    status: 400,
    param: "options.idempotencyKey",
    error: /1 to 2,048 characters/,
  },
  "a long idempotency key": {
    body: { options: { idempotencyKey: "x".repeat(2_049) } },
    status: 400,
    param: "options.idempotencyKey",
    error: /2,048/,
  },
  "a NUL in the idempotency key": {
    body: { options: { idempotencyKey: "a\0" } },
    status: 422,
    param: "options.idempotencyKey",
    error: /NUL/,
  },
  "an idempotency time to live that is none": {
    body: { options: { idempotencyKey: "a", idempotencyKeyTTL: "x" } },
    status: 400,
    param: "options.idempotencyKeyTTL",
    error: /no duration/,
  },
  "a long queue name": {
    body: { options: { queue: { name: "x".repeat(129) } } },
    status: 400,
    param: "options.queue.name",
    error: /128/,
  },
  "a NUL in the queue name": {
    body: { options: { queue: { name: "a\0" } } },
    status: 422,
    param: "options.queue.name",
    error: /NUL/,
  },
  "a long concurrency key": {
    body: { options: { concurrencyKey: "x".repeat(257) } },
    status: 400,
    param: "options.concurrencyKey",
    error: /256/,
  },
  "a NUL in the concurrency key": {
    body: { options: { concurrencyKey: "a\0" } },
    status: 422,
    param: "options.concurrencyKey",
    error: /NUL/,
  },
  "a negative priority": {
    body: { options: { priority: -1 } },
    status: 400,
    param: "options.priority",
    error: /from 0 to 2,592,000/,
  },
  "no attempts": {
    body: { options: { maxAttempts: 0 } },
    status: 400,
    param: "options.maxAttempts",
    error: /from 1 to 250/,
  },
  "no time to execute": {
    body: { options: { maxDuration: 0 } },
    status: 400,
    param: "options.maxDuration",
    error: /above 0/,
  },
  "metadata that is no object": {
    body: { options: { metadata: "text" } },
    status: 400,
    param: "options.metadata",
    error: /record/,
  },
  "metadata over its limit": {
    body: { options: { metadata: { a: "x".repeat(262_144) } } },
    status: 400,
    param: "options.metadata",
    error: /256 KB/,
  },
  "an unknown machine": {
    body: { options: { machine: "huge" } },
    status: 400,
    param: "options.machine",
    error: /small-1x/,
  },
  "an unknown version": {
    body: { options: { lockToVersion: "20200101.1" } },
    status: 422,
    param: "options.lockToVersion",
    error: /20200101\.1/,
  },
  "a parent that is no run": {
    body: { options: { parentRunId: "run_x" } },
    status: 422,
    param: "options.parentRunId",
    error: /finished or does not exist/,
  },
  "a parent that does not exist": {
    body: { options: { parentRunId: toPublicId("run", newUuid()) } },
    status: 422,
    param: "options.parentRunId",
    error: /finished or does not exist/,
  },
  "a wait without a parent": {
    body: { options: { resumeParentOnCompletion: true } },
    status: 400,
    param: "options.parentRunId",
    error: /is missing/,
  },
  "a payload over the limit": {
    body: packet("é".repeat(1_600_000)),
    status: 413,
    param: "payload",
    error: /3\.1 MB.*limit of 3 MB/,
  },
  "a body over every limit": { body: packet("x".repeat(11_000_000)), status: 413, error: /limit/ },
};

test("bad input is refused with the field named", async (t) => {
  const api = await startApi(t);
  for (const [name, { body, status, param, error, path = "/api/v1/tasks/a/trigger" }] of Object.entries(refusals)) {
    const answer = await call(api, "POST", path, { body });
    assert.equal(answer.status, status, `${name}: ${JSON.stringify(answer.body)}`);
    assert.equal(answer.body.param, param, name);
    assert.match(answer.body.error, error, name);
    assert.equal(answer.headers.get("x-should-retry"), "false", name);
  }
  const longKey = await call(api, "POST", "/api/v1/tasks/a/trigger", {
    headers: { "x-trigger-request-idempotency-key": "x".repeat(300) },
    body: {},
  });
  assert.equal(longKey.status, 400);
  assert.deepEqual((await call(api, "GET", "/api/v1/runs")).body.data, []);
  assert.deepEqual(api.bugs, []);
});

test("a payload just within the limit is taken, however it is escaped", async (t) => {
  const api = await startApi(t);
  const payload = '"'.repeat(3 * 1024 * 1024);
  assert.equal(
    (await call(api, "POST", "/api/v1/tasks/a/trigger", { body: packet(payload, "text/plain") })).status,
    200,
  );
});
