import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { call, startApi } from "./fixtures/started-api.ts";

test("the server tells that it is up without asking for a key", async (t) => {
  const api = await startApi(t);
  assert.deepEqual((await call(api, "GET", "/healthz", { key: null })).body, { status: "ok", version: "1.2.3" });
});

test("a browser at the server's address is told what it is", async (t) => {
  const { apiUrl } = await startApi(t);
  const response = await fetch(apiUrl);
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
  assert.match(await response.text(), /^This is a Pawl server, version 1\.2\.3\. It has no dashboard yet/);
});

test("an unknown route says so, whatever body comes with it", async (t) => {
  const api = await startApi(t);
  for (const [method, path, body] of [
    ["GET", "/nothing?secret=1", undefined],
    ["POST", "/api/v1/tasks", "{broken"],
    ["GET", "/api/v1/tasks/a/trigger", undefined],
    ["DELETE", "/api/v1/runs", undefined],
  ] as const) {
    const answer = await call(api, method, path, { key: null, body });
    assert.equal(answer.status, 404, `${method} ${path}`);
    assert.equal(answer.body.code, "not_found");
    assert.equal(answer.headers.get("x-should-retry"), "false");
    assert.ok(!answer.body.error.includes("secret"));
  }
  assert.equal((await call(api, "GET", "/api/v3/runs/%E0%A4%A")).status, 400);
});

test("browsers of any origin may call, and see every header", async (t) => {
  const api = await startApi(t);
  const headers = {
    origin: "https://app.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,trigger-version",
  };
  const preflight = await call(api, "OPTIONS", "/api/v1/tasks/a/trigger", { key: null, headers });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  assert.equal(preflight.headers.get("access-control-allow-headers"), headers["access-control-request-headers"]);
  assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /PUT/);
  for (const key of [api.key, null]) {
    const answer = await call(api, "GET", "/api/v1/runs", { key, headers: { origin: "https://app.example" } });
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    assert.equal(answer.headers.get("access-control-expose-headers"), "*");
  }
});

test("a database out of reach is a passing failure", async (t) => {
  const refused = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:5432"), { code: "ECONNREFUSED" });
  const api = await startApi(t, (settings) => ({
    ...settings,
    runs: { ...settings.runs, list: () => Promise.reject(refused) },
  }));
  const answer = await call(api, "GET", "/api/v1/runs");
  assert.equal(answer.status, 503);
  assert.equal(answer.body.code, "unavailable");
  assert.equal(answer.headers.get("x-should-retry"), "true");
  assert.ok(!answer.body.error.includes("10.0.0.1"));
  assert.deepEqual(api.bugs, []);
});

test("a bug is reported under a reference, and the caller learns nothing else", async (t) => {
  const bug = new TypeError("the secret is 42");
  const api = await startApi(t, (settings) => ({
    ...settings,
    runs: { ...settings.runs, retrieve: () => Promise.reject(bug) },
  }));
  const path = `/api/v3/runs/${toPublicId("run", newUuid())}`;
  const answer = await call(api, "GET", `${path}?token=1`);
  assert.equal(answer.status, 500);
  assert.equal(api.bugs.length, 1);
  const [{ reference, request, error } = { reference: "none", request: "", error: null }] = api.bugs;
  assert.equal(error, bug);
  assert.equal(request, `GET ${path}`);
  assert.ok(answer.body.error.includes(reference));
  assert.ok(!answer.body.error.includes("42"));
});

test("closing ends idle connections at once and lets requests in flight end", async (t) => {
  let enter: () => void = () => undefined;
  let release: () => void = () => undefined;
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const api = await startApi(t, (settings) => ({
    ...settings,
    runs: {
      ...settings.runs,
      async list(...given) {
        enter();
        await released;
        return settings.runs.list(...given);
      },
    },
  }));
  const inFlight = call(api, "GET", "/api/v1/runs");
  await entered;
  const startedAt = performance.now();
  const closed = api.app.close();
  release();
  assert.equal((await inFlight).status, 200);
  await closed;
  assert.ok(performance.now() - startedAt < 5_000, "the client's kept connection held nothing up");
  await assert.rejects(call(api, "GET", "/healthz"));
});
