import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { call, type StartedApi, startApi } from "../fixtures/started-api.ts";

const ndjson = { "content-type": "application/x-ndjson" };
const items = (count: number, rest: object = {}) =>
  Array.from({ length: count }, (_, index) => JSON.stringify({ index, task: "a", payload: `${index}`, ...rest })).join(
    "\n",
  );

async function makeBatch(api: StartedApi, body: object): Promise<string> {
  const answer = await call(api, "POST", "/api/v3/batches", { body });
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  return answer.body.id;
}

const upload = (api: StartedApi, id: string, body: string) =>
  call(api, "POST", `/api/v3/batches/${id}/items`, { headers: ndjson, body });

test("a batch tells where it stands, from its first item to its end", async (t) => {
  const api = await startApi(t);
  const id = await makeBatch(api, { runCount: 2 });
  const read = async (version: string) => (await call(api, "GET", `/api/${version}/batches/${id}`)).body;
  const empty = await read("v2");
  assert.deepEqual([empty.status, empty.runCount, empty.runs, empty.processing], ["PROCESSING", 2, [], { errors: [] }]);
  assert.ok(!("idempotencyKey" in empty));
  await upload(api, id, items(2));
  const pending = await read("v2");
  assert.deepEqual([pending.status, pending.runs.length], ["PENDING", 2]);
  assert.ok(new Date(pending.processing.completedAt).getTime() > 0);
  assert.deepEqual((await call(api, "GET", `/api/v1/batches/${id}/results`)).body, { id, items: [] });

  for (const runId of pending.runs) await call(api, "POST", `/api/v2/runs/${runId}/cancel`);
  const { processing, ...summary } = await read("v2");
  assert.equal(summary.status, "COMPLETED");
  assert.deepEqual(await read("v1"), summary);
  assert.deepEqual(processing.errors, []);
  const results = (await call(api, "GET", `/api/v1/batches/${id}/results`)).body.items;
  assert.deepEqual(
    results.map((item: { id: string; ok: boolean }) => [item.id, item.ok]),
    pending.runs.map((runId: string) => [runId, false]),
  );
  const listed = (await call(api, "GET", `/api/v1/runs?filter[batch]=${id}`)).body.data;
  assert.deepEqual(listed.map((run: { id: string }) => run.id).sort(), [...pending.runs].sort());
});

test("a batch with an item that could not be triggered has failed in part", async (t) => {
  const api = await startApi(t);
  const id = await makeBatch(api, { runCount: 1 });
  await upload(api, id, items(1, { options: { maxAttempts: 0 } }));
  assert.equal((await call(api, "GET", `/api/v2/batches/${id}`)).body.status, "PARTIAL_FAILED");
});

test("a batch is found by its idempotency key, and is cached once it has all its items", async (t) => {
  const api = await startApi(t);
  const body = { runCount: 2, idempotencyKey: "k" };
  const make = async () => (await call(api, "POST", "/api/v3/batches", { body })).body;
  const first = await make();
  assert.deepEqual(first, { id: first.id, runCount: 2, isCached: false, idempotencyKey: "k" });
  await upload(api, first.id, items(1));
  assert.deepEqual(await make(), first, "its items are sent again, since some are missing");
  await upload(api, first.id, items(2));
  assert.deepEqual(await make(), { ...first, isCached: true });
  assert.equal((await call(api, "GET", `/api/v2/batches/${first.id}`)).body.idempotencyKey, "k");
  const other = await call(api, "POST", "/api/v3/batches", { key: api.otherKey, body });
  assert.notEqual(other.body.id, first.id);
});

test("the runs of a batch are children of the run that made it", async (t) => {
  const api = await startApi(t);
  const parent = (await call(api, "POST", "/api/v1/tasks/a/trigger", { body: {} })).body.id;
  const id = await makeBatch(api, { runCount: 1, parentRunId: parent });
  await upload(api, id, items(1));
  const { relatedRuns } = (await call(api, "GET", `/api/v3/runs/${parent}`)).body;
  assert.deepEqual(
    relatedRuns.children.map((run: { batchId: string; triggerFunction: string }) => [run.batchId, run.triggerFunction]),
    [[id, "batchTrigger"]],
  );
  await call(api, "POST", `/api/v2/runs/${parent}/cancel`);
  const late = await call(api, "POST", "/api/v3/batches", { body: { runCount: 1, parentRunId: parent } });
  assert.deepEqual([late.status, late.body.param], [422, "parentRunId"]);
});

test("what makes no batch is refused by its field", async (t) => {
  const api = await startApi(t);
  const bad: [object, number, string][] = [
    [{ runCount: 1, idempotencyKey: "" }, 400, "idempotencyKey"],
    [{ runCount: 1, idempotencyKey: "a\0" }, 422, "idempotencyKey"],
    [{ runCount: 1, idempotencyKey: "a", idempotencyKeyTTL: "x" }, 400, "idempotencyKeyTTL"],
    [{ runCount: 1, parentRunId: "run_x" }, 422, "parentRunId"],
    [{ runCount: 1, resumeParentOnCompletion: true }, 400, "parentRunId"],
    [{ runCount: 1, parentRunId: toPublicId("run", newUuid()), parentFence: 1 }, 409, "parentFence"],
  ];
  for (const [body, status, param] of bad) {
    const answer = await call(api, "POST", "/api/v3/batches", { body });
    assert.deepEqual([answer.status, answer.body.param], [status, param], JSON.stringify(answer.body));
  }
  for (const id of ["nonsense", toPublicId("batch", newUuid())]) {
    for (const path of [`/api/v1/batches/${id}`, `/api/v2/batches/${id}`, `/api/v1/batches/${id}/results`]) {
      assert.equal((await call(api, "GET", path)).status, 404, path);
    }
  }
  assert.deepEqual(api.bugs, []);
});

test("an aborted batch takes no more items", async (t) => {
  const api = await startApi(t);
  const id = await makeBatch(api, { runCount: 1 });
  await api.database.query({ name: "batches_test_abort", text: "update batch set aborted_at = now()", values: [] });
  assert.equal((await call(api, "GET", `/api/v2/batches/${id}`)).body.status, "ABORTED");
  const answer = await upload(api, id, items(1));
  assert.equal(answer.status, 422);
  assert.match(answer.body.error, /was aborted/);
});
