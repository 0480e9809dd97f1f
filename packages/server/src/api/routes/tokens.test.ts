import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { call, type StartedApi, startApi } from "../fixtures/started-api.ts";

const tokens = "/api/v1/waitpoints/tokens";

async function create(api: StartedApi, body: object = {}) {
  const answer = await call(api, "POST", tokens, { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return { ...answer.body, jwt: answer.headers.get("x-trigger-jwt") ?? "" };
}

const retrieve = async (api: StartedApi, id: string) => (await call(api, "GET", `${tokens}/${id}`)).body;

test("a token is made, shown and completed, once", async (t) => {
  const api = await startApi(t);
  const { id, url, isCached } = await create(api, { timeout: "10m", tags: "user:1" });
  assert.match(id, /^waitpoint_/);
  assert.equal(isCached, false);
  const waiting = await retrieve(api, id);
  assert.deepEqual([waiting.status, waiting.tags, waiting.url], ["WAITING", ["user:1"], url]);
  assert.equal(new Date(waiting.timeoutAt).getTime() - new Date(waiting.createdAt).getTime(), 600_000);
  for (const absent of ["completedAt", "idempotencyKey", "output", "outputType"])
    assert.ok(!(absent in waiting), absent);

  const data = { ok: true, at: "1970-01-01T00:00:00.000Z" };
  const completed = await call(api, "POST", `${tokens}/${id}/complete`, { body: { data } });
  assert.deepEqual([completed.status, completed.body], [200, { success: true }]);
  const again = await call(api, "POST", `${tokens}/${id}/complete`, { body: { data: "other" } });
  assert.deepEqual(again.body, { success: true });
  const after = await retrieve(api, id);
  assert.deepEqual([after.status, JSON.parse(after.output), after.outputType], ["COMPLETED", data, "application/json"]);
  assert.equal(after.outputIsError, false);
  assert.ok(after.completedAt);

  const without = await create(api);
  assert.ok(!("timeoutAt" in (await retrieve(api, without.id))));
  await call(api, "POST", `${tokens}/${without.id}/complete`);
  assert.ok(!("output" in (await retrieve(api, without.id))));
});

test("a token is found by its idempotency key while that lasts", async (t) => {
  const api = await startApi(t);
  const first = await create(api, { idempotencyKey: "k", idempotencyKeyTTL: "1h" });
  const again = await create(api, { idempotencyKey: "k" });
  assert.deepEqual([again.id, again.isCached, again.url], [first.id, true, first.url]);
  const shown = await retrieve(api, first.id);
  assert.equal(shown.idempotencyKey, "k");
  assert.ok(shown.idempotencyKeyExpiresAt);
  const short = await create(api, { idempotencyKey: "s", idempotencyKeyTTL: "0s" });
  assert.notEqual((await create(api, { idempotencyKey: "s" })).id, short.id);
});

/** A POST with neither a Content-Length nor a Transfer-Encoding, as curl sends it without data; gives the raw answer. */
async function postWithoutBody(url: string): Promise<string> {
  const { hostname, port, pathname, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

test("the callback address completes a token with any JSON, and needs no key", async (t) => {
  const api = await startApi(t);
  const { id, url } = await create(api);
  assert.ok(url.startsWith(`${api.apiUrl}${tokens}/${id}/callback/`));
  const post = (path: string, body: string) => call(api, "POST", new URL(path).pathname, { key: null, body });
  assert.equal((await post(`${url.slice(0, -1)}${url.endsWith("0") ? "1" : "0"}`, "{}")).status, 401);
  for (const stray of ["g", "%20", "0", "zz"]) assert.equal((await post(`${url}${stray}`, "{}")).status, 401, stray);
  assert.equal((await post(url.replace(id, toPublicId("waitpoint", newUuid())), "{}")).status, 404);
  assert.equal((await post(url, "{")).status, 400);
  assert.equal((await post(url, `"${"x".repeat(524_288)}"`)).status, 413);
  assert.equal((await retrieve(api, id)).status, "WAITING");
  assert.deepEqual((await post(url, "[1,null]")).body, { success: true });
  assert.deepEqual((await post(url, "2")).body, { success: true });
  assert.equal((await retrieve(api, id)).output, "[1,null]");

  const empty = await create(api);
  const noBody = await fetch(empty.url, { method: "POST", headers: { "content-length": "0" } });
  assert.equal(noBody.status, 200);
  assert.equal((await retrieve(api, empty.id)).output, "{}");
  const bare = await create(api);
  assert.match(await postWithoutBody(bare.url), /^HTTP\/1\.1 200 /);
  assert.equal((await retrieve(api, bare.id)).output, "{}");
  const chunked = await fetch(url, {
    method: "POST",
    body: new Blob(["{}"]).stream(),
    duplex: "half",
  } as RequestInit & { duplex: string }); // "duplex" is newer than the type
  assert.equal(chunked.status, 411);
  assert.deepEqual(api.bugs, []);
});

test("behind a proxy the callback address is the proxy's", async (t) => {
  const api = await startApi(t);
  const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "pawl.example, 10.0.0.1" };
  const { body } = await call(api, "POST", tokens, { headers, body: {} });
  assert.ok(body.url.startsWith("https://pawl.example/api/v1/waitpoints/tokens/waitpoint_"), body.url);
});

test("the token that comes with an answer completes that token and reads that run, and nothing else", async (t) => {
  const api = await startApi(t);
  const { id, jwt } = await create(api);
  const other = await create(api);
  const refused = await call(api, "POST", `${tokens}/${other.id}/complete`, { key: jwt, body: {} });
  assert.deepEqual([refused.status, refused.body.code], [403, "forbidden"]);
  assert.equal((await call(api, "GET", `${tokens}/${id}`, { key: jwt })).status, 401);
  assert.deepEqual((await call(api, "POST", `${tokens}/${id}/complete`, { key: jwt, body: {} })).body, {
    success: true,
  });

  const triggered = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: {} });
  const key = triggered.headers.get("x-trigger-jwt") ?? "";
  assert.equal((await call(api, "GET", `/api/v3/runs/${triggered.body.id}`, { key })).status, 200);
  const another = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: {} });
  assert.equal((await call(api, "GET", `/api/v3/runs/${another.body.id}`, { key })).status, 403);
  assert.equal((await call(api, "GET", `/api/v3/runs/${toPublicId("run", newUuid())}`, { key })).status, 403);
  const batch = await call(api, "POST", "/api/v3/batches", { body: { runCount: 1 } });
  const batchKey = batch.headers.get("x-trigger-jwt") ?? "";
  assert.equal((await call(api, "GET", `/api/v2/batches/${batch.body.id}`, { key: batchKey })).status, 200);
  assert.equal((await call(api, "GET", `/api/v2/batches/${batch.body.id}`, { key })).status, 403);
});

test("a list of tokens is filtered and paged", async (t) => {
  const api = await startApi(t);
  const made: string[] = [];
  for (let i = 0; i < 3; i++) made.unshift((await create(api, { tags: [`n:${i}`], idempotencyKey: `k${i}` })).id);
  await call(api, "POST", `${tokens}/${made[0]}/complete`, { body: {} });
  const list = async (query: string) => {
    const { status, body } = await call(api, "GET", `${tokens}?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return { ids: body.data.map((token: { id: string }) => token.id), pagination: body.pagination };
  };
  assert.deepEqual(await list(""), { ids: made, pagination: {} });
  const first = await list("page[size]=2");
  assert.deepEqual(first, { ids: made.slice(0, 2), pagination: { next: made[1] } });
  assert.deepEqual((await list(`page[size]=2&page[after]=${first.pagination.next}`)).ids, made.slice(2));
  assert.deepEqual((await list("filter[status]=COMPLETED,TIMED_OUT")).ids, [made[0]]);
  assert.deepEqual((await list("filter[tags]=n:1,n:2")).ids, made.slice(0, 2));
  assert.deepEqual((await list("filter[idempotencyKey]=k0")).ids, [made[2]]);
  assert.deepEqual((await list("filter[createdAt][period]=1h")).ids, made);
  assert.deepEqual((await list("filter[createdAt][to]=1000")).ids, []);
  for (const name of ["filter[status]=DONE", "filter[other]=1", "page[after]=run_x"]) {
    assert.equal((await call(api, "GET", `${tokens}?${name}`)).status, 400, name);
  }
});

test("what makes no token is refused by its field", async (t) => {
  const api = await startApi(t);
  const bad: [object, number, string][] = [
    [{ timeout: "soon" }, 400, "timeout"],
    [{ tags: Array(11).fill("x") }, 400, "tags"],
    [{ tags: ["a\0"] }, 422, "tags"],
    [{ idempotencyKey: "x".repeat(2_049) }, 400, "idempotencyKey"],
    [{ idempotencyKey: "a", idempotencyKeyTTL: "x" }, 400, "idempotencyKeyTTL"],
  ];
  for (const [body, status, param] of bad) {
    const answer = await call(api, "POST", tokens, { body });
    assert.deepEqual([answer.status, answer.body.param], [status, param], JSON.stringify(answer.body));
  }
  const { id } = await create(api);
  const large = await call(api, "POST", `${tokens}/${id}/complete`, { body: { data: "x".repeat(524_288) } });
  assert.equal(large.status, 413);
  for (const unknown of ["nonsense", toPublicId("waitpoint", newUuid())]) {
    assert.equal((await call(api, "GET", `${tokens}/${unknown}`)).status, 404);
    assert.equal((await call(api, "POST", `${tokens}/${unknown}/complete`, { body: {} })).status, 404);
  }
  assert.deepEqual(api.bugs, []);
});
