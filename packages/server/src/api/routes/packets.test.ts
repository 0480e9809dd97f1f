import assert from "node:assert/strict";
import { test } from "node:test";
import { createHousekeeping } from "../../store/housekeeping.ts";
import { isSignedAddress } from "../blob-url.ts";
import { call, type StartedApi, startApi } from "../fixtures/started-api.ts";

const path = "trigger/packet_1/payload.json";
const type = "application/super+json";

/** Sends a packet as the published client does. */
async function send(api: StartedApi, text: string, name = path): Promise<string> {
  const answer = await call(api, "PUT", `/api/v2/packets/${encodeURIComponent(name)}`);
  assert.equal(answer.body.storagePath, name);
  const sent = await fetch(answer.body.presignedUrl, { method: "PUT", body: text, headers: { "content-type": type } });
  assert.equal(sent.status, 200, await sent.text());
  return answer.body.presignedUrl;
}

test("a payload that was sent ahead is that of its run, its replay and its batch item", async (t) => {
  const api = await startApi(t);
  const text = JSON.stringify({ json: { long: "é".repeat(100_000) } });
  await send(api, text);
  const stored = { payload: path, options: { payloadType: "application/store", payloadSize: text.length } };
  const { id } = (await call(api, "POST", "/api/v1/tasks/a/trigger", { body: stored })).body;
  const replayBody = { payload: path, payloadType: "application/store" };
  const replay = (await call(api, "POST", `/api/v1/runs/${id}/replay`, { body: replayBody })).body;
  const batch = (await call(api, "POST", "/api/v3/batches", { body: { runCount: 2 } })).body;
  const lines = [
    { index: 0, task: "a", ...stored },
    { index: 1, task: "a", ...stored, payload: "trigger/nothing" },
  ];
  await call(api, "POST", `/api/v3/batches/${batch.id}/items`, {
    headers: { "content-type": "application/x-ndjson" },
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
  });
  const { runs, processing } = (await call(api, "GET", `/api/v2/batches/${batch.id}`)).body;
  assert.match(processing.errors[0].error, /^items\.1\.payload: nothing was stored under trigger\/nothing/);
  for (const run of [id, replay.id, runs[0]]) {
    const { payload } = (await call(api, "GET", `/api/v3/runs/${run}`)).body;
    assert.deepEqual(payload, JSON.parse(text).json);
  }
  const other = await call(api, "POST", "/api/v1/tasks/a/trigger", { key: api.otherKey, body: stored });
  assert.deepEqual([other.status, other.body.param], [422, "payload"], "it is of its own environment");
  assert.deepEqual(api.bugs, []);
});

test("a packet is fetched again for a day, and the first one of its path stays", async (t) => {
  const api = await startApi(t);
  await send(api, '{"json":1}');
  await send(api, '{"json":2}');
  const address = await call(api, "GET", `/api/v1/packets/${encodeURIComponent(path)}`);
  const fetched = await fetch(address.body.presignedUrl);
  assert.deepEqual([fetched.headers.get("content-type"), await fetched.text()], [type, '{"json":1}']);
  assert.equal((await call(api, "GET", "/api/v1/packets/nothing")).status, 404);
  const housekeeping = createHousekeeping({ database: api.database, onError: (error) => assert.ifError(error) });
  await housekeeping.runOnce();
  assert.equal((await fetch(address.body.presignedUrl)).status, 200);
  await api.database.query({
    name: "test_old_blobs",
    text: "update blob set created_at = created_at - interval '25 hours'",
    values: [],
  });
  await housekeeping.runOnce();
  assert.equal((await fetch(address.body.presignedUrl)).status, 404);
});

test("an address is for one packet, one method and an hour; what is no packet is refused", async (t) => {
  const api = await startApi(t);
  const url = await send(api, '{"json":1}');
  const put = (to: string, body = "x", contentType = type) =>
    fetch(to, { method: "PUT", body, headers: { "content-type": contentType } }).then(({ status }) => status);
  assert.equal((await fetch(url)).status, 403);
  assert.equal(await put(url.replace("packet_1", "packet_2")), 403);
  assert.equal(await put(url.replace(/expires=\d/, "expires=9")), 403);
  assert.equal(await put(url.split("?", 1)[0] ?? ""), 403);
  assert.equal(await put(url, "x", "application/octet-stream"), 415);
  assert.equal(await put(url, "a\0b", "text/plain"), 422);
  assert.equal(await put(url, "x".repeat(3 * 1024 * 1024 + 1)), 413);
  const query = Object.fromEntries(new URL(url).searchParams);
  const address = { access: "PUT", environmentId: api.environment.id, path } as const;
  assert.equal(isSignedAddress(address, query, [api.otherKey, api.key]), true);
  assert.equal(isSignedAddress(address, query, [api.key], Date.now() + 3_601_000), false);
});
