import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetadataOperation } from "@pawl/contract/metadata-operations";
import { call, type StartedApi, startApi } from "../fixtures/started-api.ts";

async function trigger(api: StartedApi, options: Record<string, unknown> = {}): Promise<string> {
  return (await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { options } })).body.id;
}

function change(api: StartedApi, id: string, body: Record<string, unknown>) {
  return call(api, "PUT", `/api/v1/runs/${id}/metadata`, { body });
}

async function metadataOf(api: StartedApi, id: string) {
  return (await call(api, "GET", `/api/v1/runs/${id}/metadata`)).body.metadata;
}

test("tags are added once, in their order, up to ten", async (t) => {
  const api = await startApi(t);
  const id = await trigger(api, { tags: ["a"] });
  const add = (tags: unknown, run = id) => call(api, "POST", `/api/v1/runs/${run}/tags`, { body: { tags } });
  assert.equal((await add(["c", "a", "b", "c"])).status, 200);
  assert.equal((await add("d")).status, 200);
  assert.deepEqual((await call(api, "GET", `/api/v3/runs/${id}`)).body.tags, ["a", "c", "b", "d"]);
  const many = await add(["1", "2", "3", "4", "5", "6", "7"]);
  assert.deepEqual([many.status, many.body.param], [422, "tags"]);
  await Promise.all(["1", "2", "3", "4", "5", "6"].map((tag) => add(tag)));
  assert.equal((await call(api, "GET", `/api/v3/runs/${id}`)).body.tags.length, 10);
  assert.equal((await add("a")).status, 200, "it has that one");
  assert.equal((await add("e")).status, 422);
  const untagged = await trigger(api);
  await add("x", untagged);
  assert.deepEqual((await call(api, "GET", `/api/v1/runs?filter[tag]=x`)).body.data[0].id, untagged);
  assert.equal((await add("x", "run_x")).status, 404);
  assert.equal((await add([1])).status, 400);
});

test("metadata is replaced and changed, and a GET and the run show it", async (t) => {
  const api = await startApi(t);
  const id = await trigger(api, { metadata: { a: 1 } });
  const none = await trigger(api);
  assert.deepEqual(await metadataOf(api, id), { a: 1 });
  assert.deepEqual(await metadataOf(api, none), {});
  const operations: MetadataOperation[] = [
    { type: "set", key: "$.steps[0].name", value: "load" },
    { type: "increment", key: "a", value: 2 },
  ];
  const changed = await change(api, id, { operations, metadata: null });
  assert.deepEqual(changed.body, { metadata: { a: 3, steps: [{ name: "load" }] } });
  assert.deepEqual((await change(api, none, { metadata: { new: true }, operations })).body.metadata.new, true);
  assert.deepEqual((await call(api, "GET", `/api/v3/runs/${id}`)).body.metadata, changed.body.metadata);
  const bad: [Record<string, unknown>, number][] = [
    [{ metadata: [] }, 400],
    [{ operations: [{ type: "set", key: "__proto__", value: 1 }] }, 400],
    [{ operations: [{ type: "set", key: "$.a.constructor.b", value: 1 }] }, 400],
    [{ operations: [{ type: "increment", key: "a", value: "1" }] }, 400],
    [{ metadata: { a: "x".repeat(300_000) } }, 413],
    [{ operations: [{ type: "append", key: "a", value: "x".repeat(300_000) }] }, 413],
  ];
  for (const [body, status] of bad) assert.equal((await change(api, id, body)).status, status);
  assert.deepEqual(await metadataOf(api, id), changed.body.metadata);
  assert.equal((await change(api, "run_x", {})).status, 404);
  assert.deepEqual(api.bugs, []);
});

test("changes of many callers at once are all kept, a child's of its parent and its root too", async (t) => {
  const api = await startApi(t);
  const root = await trigger(api);
  const parent = await trigger(api, { parentRunId: root });
  const child = await trigger(api, { parentRunId: parent });
  const add = (key: string): MetadataOperation[] => [{ type: "increment", key, value: 1 }];
  const body = { operations: add("own"), parentOperations: add("parent"), rootOperations: add("root") };
  const runs = [...Array<string>(20).fill(child), root];
  await Promise.all(runs.map((id) => change(api, id, body)));
  assert.deepEqual(await metadataOf(api, child), { own: 20 });
  assert.deepEqual(await metadataOf(api, parent), { parent: 20 });
  assert.deepEqual(await metadataOf(api, root), { root: 21, parent: 1, own: 1 });
});
