import assert from "node:assert/strict";
import { test } from "node:test";
import { call, type StartedApi, startApi } from "../fixtures/started-api.ts";

const ndjson = { "content-type": "application/x-ndjson" };
const line = (index: number, rest: object = {}) => JSON.stringify({ index, task: "a", payload: `${index}`, ...rest });
const lines = (...indexes: number[]) => indexes.map((index) => line(index)).join("\n");

async function makeBatch(api: StartedApi, runCount: number): Promise<string> {
  return (await call(api, "POST", "/api/v3/batches", { body: { runCount, taskIdentifiers: ["a"] } })).body.id;
}

function upload(api: StartedApi, id: string, body: string, headers: Record<string, string> = ndjson) {
  return call(api, "POST", `/api/v3/batches/${id}/items`, { headers, body });
}

test("a batch is made, filled and sealed", async (t) => {
  const api = await startApi(t);
  const headers = { "x-trigger-request-idempotency-key": "batch-key" };
  const made = await call(api, "POST", "/api/v3/batches", { headers, body: { runCount: 3 } });
  assert.equal(made.status, 202);
  assert.ok(made.headers.get("x-trigger-jwt"));
  assert.deepEqual((await call(api, "POST", "/api/v3/batches", { headers, body: { runCount: 3 } })).body, made.body);
  const { id } = made.body;
  assert.deepEqual(made.body, { id, runCount: 3, isCached: false });

  const part = await upload(api, id, `${lines(0, 2)}\n\n`);
  assert.deepEqual(part.body, {
    id,
    itemsAccepted: 2,
    itemsDeduplicated: 0,
    sealed: false,
    enqueuedCount: 2,
    expectedCount: 3,
  });
  const whole = await upload(api, id, `${lines(0, 1, 1, 2)}\n`);
  assert.deepEqual(whole.body, { id, itemsAccepted: 1, itemsDeduplicated: 3, sealed: true });
  const again = await upload(api, id, lines(0, 1, 2));
  assert.deepEqual(again.body, { id, itemsAccepted: 0, itemsDeduplicated: 3, sealed: true });

  const { data } = (await call(api, "GET", "/api/v1/runs")).body;
  assert.equal(data.length, 3);
  const run = (await call(api, "GET", `/api/v3/runs/${data[0].id}`)).body;
  assert.equal(run.batchId, id);
  assert.equal(run.triggerFunction, "batchTrigger");
});

test("a batch of many arrays arrives whole", async (t) => {
  const api = await startApi(t);
  const id = await makeBatch(api, 1_203);
  const body = lines(...Array.from({ length: 1_203 }, (_, index) => index));
  assert.deepEqual((await upload(api, id, body)).body, {
    id,
    itemsAccepted: 1_203,
    itemsDeduplicated: 0,
    sealed: true,
  });
});

test("two uploads at once make each item once", async (t) => {
  const api = await startApi(t);
  const id = await makeBatch(api, 700);
  const body = lines(...Array.from({ length: 700 }, (_, index) => index));
  const answers = await Promise.all([upload(api, id, body), upload(api, id, body)]);
  assert.equal(answers[0].body.itemsAccepted + answers[1].body.itemsAccepted, 700);
  assert.deepEqual(
    answers.map((answer) => answer.body.sealed),
    [true, true],
  );
});

test("a line that is no item is refused by its index, and what came before it stays", async (t) => {
  const api = await startApi(t);
  const id = await makeBatch(api, 3);
  const bad: Record<string, [string, string, RegExp]> = {
    "broken JSON": [`${line(0)}\n{"index":1,`, "items.1", /Line 2/],
    "no task": [`{"index":2}`, "items.2.task", /task/],
    "a task that can't be": ['{"index":2,"task":"\\u0000"}', "items.2.task", /NUL/],
    "an index outside": [line(3), "items.3.index", /3 runs/],
  };
  for (const [name, [body, param, error]] of Object.entries(bad)) {
    const answer = await upload(api, id, body);
    assert.equal(answer.status, 422, name);
    assert.equal(answer.body.param, param, name);
    assert.match(answer.body.error, error, name);
  }
  assert.equal((await upload(api, id, lines(0, 1, 2))).body.sealed, true);
});

test("an item that can't be triggered is that item's error, and the batch goes on", async (t) => {
  const api = await startApi(t);
  const bad: [options: object, code: string, error: RegExp][] = [
    [{ options: { maxAttempts: 0 } }, "invalid_request", /^items\.1\.options\.maxAttempts: /],
    [{ options: { lockToVersion: "20200101.1" } }, "unprocessable", /^items\.2\.options\.lockToVersion: .*20200101\.1/],
    [{ payload: "x".repeat(3_200_000) }, "payload_too_large", /^items\.3\.payload: .*3 MB/],
    [{ options: { tags: ["a\0"] } }, "unprocessable", /^items\.4\.options\.tags: .*NUL/],
    [{ options: { lockToVersion: "a\0" } }, "unprocessable", /^items\.5\.options\.lockToVersion: /],
  ];
  const runCount = bad.length + 2;
  const id = await makeBatch(api, runCount);
  const body = [line(0), ...bad.map(([rest], index) => line(index + 1, rest)), line(runCount - 1)].join("\n");
  assert.deepEqual((await upload(api, id, body)).body, {
    id,
    itemsAccepted: runCount,
    itemsDeduplicated: 0,
    sealed: true,
  });
  const again = (await upload(api, id, body)).body;
  assert.deepEqual([again.itemsAccepted, again.itemsDeduplicated], [0, runCount]);
  const batch = (await call(api, "GET", `/api/v2/batches/${id}`)).body;
  assert.equal(batch.status, "PENDING");
  assert.equal(batch.runs.length, 2);
  assert.equal(batch.processing.errors.length, bad.length);
  for (const [index, [, code, error]] of bad.entries()) {
    const shown = batch.processing.errors[index];
    assert.deepEqual([shown.index, shown.taskIdentifier, shown.errorCode], [index + 1, "a", code]);
    assert.match(shown.error, error);
  }
  const { items } = (await call(api, "GET", `/api/v1/batches/${id}/results`)).body;
  assert.deepEqual(
    items.map((item: { ok: boolean; error: { code: string } }) => [item.ok, item.error.code]),
    bad.map(() => [false, "BATCH_ITEM_COULD_NOT_TRIGGER"]),
  );
  assert.deepEqual(api.bugs, []);
});

test("uploads that fit no batch are refused", async (t) => {
  const api = await startApi(t);
  const id = await makeBatch(api, 1);
  assert.equal((await upload(api, id, line(0), { "content-type": "application/json" })).status, 415);
  assert.equal((await upload(api, "batch_00000000000000000000000000", line(0))).status, 404);
  assert.equal((await upload(api, "nonsense", line(0))).status, 404);
  for (const runCount of [0, 10_001, 1.5, "3", undefined]) {
    const answer = await call(api, "POST", "/api/v3/batches", { body: { runCount } });
    assert.equal(answer.status, 400);
    assert.equal(answer.body.param, "runCount");
  }
  assert.deepEqual(api.bugs, []);
});
