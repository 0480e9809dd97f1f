import assert from "node:assert/strict";
import { test } from "node:test";
import { requestKeyHeader } from "@pawl/contract/api/headers";
import { toPublicId } from "@pawl/contract/ids";
import { call, type StartedApi, startApi } from "../fixtures/started-api.ts";

const day = 86_400;

async function tokenWith(api: StartedApi, body: Record<string, unknown>): Promise<string> {
  const answer = await call(api, "POST", "/api/v1/auth/public-tokens", { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.token;
}

function claimsOf(token: string) {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

function trigger(api: StartedApi, task: string, key: string, headers: Record<string, string> = {}) {
  return call(api, "POST", `/api/v1/tasks/${task}/trigger`, { key, headers, body: {} });
}

test("a client that signs by itself gets the claims, others the token", async (t) => {
  const api = await startApi(t);
  const sub = toPublicId("env", api.environment.id);
  assert.deepEqual((await call(api, "POST", "/api/v1/auth/jwt/claims")).body, { sub, pub: true });
  const claims = claimsOf(await tokenWith(api, { scopes: ["read:runs"], realtime: { skipColumns: ["payload"] } }));
  assert.deepEqual([claims.sub, claims.scopes, claims.realtime], [sub, ["read:runs"], { skipColumns: ["payload"] }]);
  assert.equal(claims.exp - claims.iat, 15 * 60);
  const later = claimsOf(await tokenWith(api, { scopes: ["a"], expirationTime: claims.iat + 2 * day }));
  assert.ok(Math.abs(later.exp - claims.iat - 2 * day) < 5);
  assert.equal(claimsOf(await tokenWith(api, { scopes: ["a"], expirationTime: "30d" })).otu, undefined);
  for (const body of [
    {},
    { scopes: [] },
    { scopes: ["a"], expirationTime: "31d" },
    { scopes: ["a"], expirationTime: 1 },
  ])
    assert.equal((await call(api, "POST", "/api/v1/auth/public-tokens", { body })).status, 400, JSON.stringify(body));
});

test("a public token triggers the tasks that it names, and for no run", async (t) => {
  const api = await startApi(t);
  const key = await tokenWith(api, { scopes: ["trigger:tasks:a"] });
  const made = await trigger(api, "a", key);
  assert.equal(made.status, 200);
  const readable = made.headers.get("x-trigger-jwt");
  assert.equal((await call(api, "GET", `/api/v3/runs/${made.body.id}`, { key: readable })).status, 200);
  assert.equal((await trigger(api, "b", key)).status, 403);
  const body = { options: { parentRunId: made.body.id } };
  assert.equal((await call(api, "POST", "/api/v1/tasks/a/trigger", { key, body })).status, 403);
});

test("a token for one use makes one run, however often its call is repeated", async (t) => {
  const api = await startApi(t);
  const key = await tokenWith(api, { scopes: ["trigger:tasks:a"], oneTimeUse: true });
  const headers = { [requestKeyHeader]: "first" };
  assert.equal((await call(api, "POST", "/api/v1/tasks/a/trigger", { key, body: { options: 1 } })).status, 400);
  const answers = await Promise.all([1, 2, 3].map(() => trigger(api, "a", key, headers)));
  assert.deepEqual(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size, 1);
  assert.equal(answers[0]?.status, 200);
  assert.equal((await trigger(api, "a", key, { [requestKeyHeader]: "second" })).status, 401);
  assert.equal((await trigger(api, "a", key)).status, 401);
  for (const written of [`${key}=`, `${key}!`]) {
    assert.equal((await trigger(api, "a", written)).status, 401, "the same signature, written in another way");
  }
  const withoutKey = await tokenWith(api, { scopes: ["trigger:tasks:a"], oneTimeUse: true, expirationTime: "1h" });
  assert.equal((await trigger(api, "a", withoutKey)).status, 200);
  assert.equal((await trigger(api, "a", withoutKey)).status, 401);
});

test("a public token triggers batches of the tasks that it names", async (t) => {
  const api = await startApi(t);
  const key = await tokenWith(api, { scopes: ["batchTrigger:tasks:a"] });
  const create = (taskIdentifiers: string[]) =>
    call(api, "POST", "/api/v3/batches", { key, body: { runCount: 1, taskIdentifiers } });
  assert.equal((await create(["a", "b"])).status, 403);
  const { id } = (await create(["a"])).body;
  const upload = (task: string) =>
    call(api, "POST", `/api/v3/batches/${id}/items`, {
      key,
      headers: { "content-type": "application/x-ndjson" },
      body: `${JSON.stringify({ index: 0, task })}\n`,
    });
  assert.equal((await upload("b")).status, 403);
  assert.equal((await upload("a")).body.sealed, true);
});
