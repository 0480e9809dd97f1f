import assert from "node:assert/strict";
import { test } from "node:test";
import { call, manifestOf, startApi } from "../fixtures/started-api.ts";
import { createPublicTokenSigner } from "../public-token.ts";

test("the versions of an environment are its deployments, newest first, and one of them is current", async (t) => {
  const api = await startApi(t);
  const none = await call(api, "GET", "/api/v1/deployments/current");
  assert.equal(none.status, 404);
  assert.match(none.body.error, /Nothing was deployed to the environment dev yet/);
  assert.deepEqual((await call(api, "GET", "/api/v1/deployments")).body, { data: [], pagination: {} });
  const labels: string[] = [];
  for (const task of ["a", "b", "c"]) {
    const { body } = await call(api, "POST", "/worker/v1/versions", { body: manifestOf(task) });
    labels.unshift(body.label);
  }
  const current = (await call(api, "GET", "/api/v1/deployments/current")).body;
  assert.equal(current.version, labels[0]);
  assert.match(current.id, /^deployment_/);
  assert.deepEqual([current.status, current.runtime, current.shortCode], ["DEPLOYED", null, "hash-of-"]);
  const first = (await call(api, "GET", "/api/v1/deployments?page[size]=2")).body;
  assert.deepEqual(
    first.data.map((one: { version: string }) => one.version),
    labels.slice(0, 2),
  );
  assert.equal(first.pagination.previous, undefined);
  const second = (await call(api, "GET", `/api/v1/deployments?page[size]=2&page[after]=${first.pagination.next}`)).body;
  assert.deepEqual([second.data[0].version, second.pagination.next], [labels[2], undefined]);
  const back = await call(api, "GET", `/api/v1/deployments?page[size]=2&page[before]=${second.pagination.previous}`);
  assert.deepEqual(back.body.data, first.data);
  const other = await call(api, "GET", "/api/v1/deployments", { key: api.otherKey });
  assert.deepEqual(other.body.data, []);
});

test("deployments can be filtered", async (t) => {
  const api = await startApi(t);
  await call(api, "POST", "/worker/v1/versions", { body: manifestOf("a") });
  const count = async (query: string) => (await call(api, "GET", `/api/v1/deployments?${query}`)).body.data.length;
  assert.equal(await count("status=DEPLOYED&period=1h"), 1);
  assert.equal(await count("status=FAILED"), 0);
  assert.equal(await count("from=2020-01-01&to=2021-01-01"), 0);
  assert.equal(await count(`from=${Date.now() - 60_000}`), 1);
  for (const query of ["status=DONE", "period=soon", "from=x", "page[after]=x", "page[size]=0"]) {
    const { status, body } = await call(api, "GET", `/api/v1/deployments?${query}`);
    assert.deepEqual([status, body.param], [400, query.split("=")[0]], query);
  }
});

test("a public token reads deployments with their scope", async (t) => {
  const api = await startApi(t);
  await call(api, "POST", "/worker/v1/versions", { body: manifestOf("a") });
  const sign = createPublicTokenSigner(api.environment.id, api.key);
  for (const path of ["/api/v1/deployments", "/api/v1/deployments/current"]) {
    assert.equal((await call(api, "GET", path, { key: sign("read:deployments") })).status, 200);
    assert.equal((await call(api, "GET", path, { key: sign("read:runs") })).status, 403);
  }
});
