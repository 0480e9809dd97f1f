import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { call, startApi } from "../fixtures/started-api.ts";
import { createPublicTokenSigner } from "../public-token.ts";

test("the payload of a run can be fetched at an address, by whoever may read the run", async (t) => {
  const api = await startApi(t);
  const options = { payloadType: "text/plain", tags: "mine" };
  const { body: run } = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { payload: "hello", options } });
  const sign = createPublicTokenSigner(api.environment.id, api.key);
  const path = `/api/v1/runs/${run.id}/packets`;
  for (const key of [api.key, sign(`read:runs:${run.id}`), sign("read:tags:mine")]) {
    const { body } = await call(api, "GET", `${path}/payload`, { key });
    const packet = await fetch(body.presignedUrl);
    assert.deepEqual([packet.headers.get("content-type"), await packet.text()], ["text/plain", "hello"]);
  }
  assert.equal((await call(api, "GET", `${path}/payload`, { key: sign("read:tags:yours") })).status, 403);
  assert.equal((await call(api, "GET", `${path}/payload`, { key: api.otherKey })).status, 404);
  assert.equal((await call(api, "GET", `/api/v1/runs/${toPublicId("run", newUuid())}/packets/payload`)).status, 404);
  const none = await call(api, "GET", `${path}/output`);
  assert.equal(none.status, 404);
  assert.match(none.body.error, /has no output/);
});

test("the address of a run's packet is for that packet alone", async (t) => {
  const api = await startApi(t);
  const { body: run } = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { payload: 1 } });
  const { body: other } = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { payload: 2 } });
  const { presignedUrl } = (await call(api, "GET", `/api/v1/runs/${run.id}/packets/payload`)).body;
  assert.equal((await fetch(presignedUrl.replace(run.id, other.id))).status, 403);
  assert.equal((await fetch(presignedUrl.replace("payload", "output"))).status, 403);
  assert.equal((await fetch(presignedUrl, { method: "PUT", body: "x" })).status, 403);
  const mine = (await call(api, "PUT", `/api/v2/packets/${encodeURIComponent(`${other.id}/payload`)}`)).body;
  const headers = { "content-type": "text/plain" };
  await fetch(mine.presignedUrl, { method: "PUT", headers, body: "mine" });
  const { body } = await call(api, "GET", `/api/v1/runs/${other.id}/packets/payload`);
  assert.equal(
    await (await fetch(body.presignedUrl)).text(),
    "2",
    "what callers store under the same path is another packet",
  );
});
