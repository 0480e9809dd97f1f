import assert from "node:assert/strict";
import { test } from "node:test";
import { call, type StartedApi, startApi } from "../api/fixtures/started-api.ts";
import { ended, failed, type Offer, type PollingWorker, pollingWorker } from "./fixtures/polling-worker.ts";

/** A run that executes, and its offer. */
async function executing(worker: PollingWorker, taskId: string, options: object = {}): Promise<Offer> {
  await worker.trigger(taskId, { options });
  const offer = await worker.offered();
  const { body } = await worker.start(offer);
  return { ...offer, snapshotId: body.snapshot.friendlyId };
}

const statusOf = async (api: StartedApi, runId: string) =>
  (await call(api, "GET", `/api/v3/runs/${runId}`)).body.status;

/** Asks for the run until it executes again; answers what its waits came to, and the new snapshot. */
async function goesOn(worker: PollingWorker, parent: Offer) {
  for (;;) {
    const { snapshot, run, completedWaitpoints } = await worker.latest(parent.runId);
    assert.equal(run.attemptNumber, parent.attempt);
    if (snapshot.executionStatus === "EXECUTING" && snapshot.friendlyId !== parent.snapshotId)
      return { offer: { ...parent, snapshotId: snapshot.friendlyId }, completedWaitpoints };
    assert.equal(snapshot.executionStatus, "EXECUTING_WITH_WAITPOINTS");
  }
}

test("a run waits for its child, gives its slot back meanwhile, and goes on with its output", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "parent", "child");
  const parent = await executing(worker, "parent");
  const options = { resumeParentOnCompletion: true, parentRunId: parent.runId, lockToVersion: worker.versionLabel };
  const childId = await worker.trigger("child", { options });
  assert.equal(await statusOf(api, parent.runId), "WAITING");
  const child = await worker.offered();
  assert.equal(child.runId, childId);
  const { body: started } = await worker.start(child);
  assert.equal(started.execution.run.parentTaskRunId, parent.runId);
  await worker.complete(child, ended(42));
  const { offer, completedWaitpoints } = await goesOn(worker, parent);
  const [waitpoint] = completedWaitpoints;
  assert.equal(waitpoint.type, "RUN");
  assert.equal(waitpoint.completedByTaskRun.friendlyId, childId);
  assert.deepEqual(
    [waitpoint.output, waitpoint.outputType, waitpoint.outputIsError],
    ['{"json":42}', "application/super+json", false],
  );
  const { body } = await worker.complete(offer, ended("done"));
  assert.equal(body.result.attemptStatus, "RUN_FINISHED");
});

test("a run gets the error of its child, and that of a child that had failed before it was awaited again", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "parent", "child");
  const parent = await executing(worker, "parent");
  const options = { resumeParentOnCompletion: true, parentRunId: parent.runId, maxAttempts: 1, idempotencyKey: "k" };
  await worker.trigger("child", { options });
  const child = await worker.offered();
  await worker.start(child);
  await worker.complete(child, failed());
  const { offer, completedWaitpoints } = await goesOn(worker, parent);
  assert.equal(completedWaitpoints[0].outputIsError, true);
  assert.equal(JSON.parse(completedWaitpoints[0].output).message, "no");
  await worker.complete(offer, ended(1));
});

test("a child that has ended long ago is answered at once", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "parent", "child");
  const childId = await worker.trigger("child", { options: { idempotencyKey: "k" } });
  const child = await worker.offered();
  await worker.start(child);
  await worker.complete(child, ended("early"));
  const parent = await executing(worker, "parent");
  const options = { resumeParentOnCompletion: true, parentRunId: parent.runId, idempotencyKey: "k" };
  assert.equal(await worker.trigger("child", { options }), childId);
  const { completedWaitpoints } = await goesOn(worker, parent);
  assert.equal(completedWaitpoints[0].completedByTaskRun.friendlyId, childId);
  assert.equal(completedWaitpoints[0].output, '{"json":"early"}');
});

test("a run waits for a batch, and gets one result for each item", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "parent", "child");
  const parent = await executing(worker, "parent");
  const batch = await call(api, "POST", "/api/v3/batches", {
    body: { runCount: 3, taskIdentifiers: ["child"], parentRunId: parent.runId, resumeParentOnCompletion: true },
  });
  assert.equal(batch.status, 202);
  const line = (index: number, more: object = {}) =>
    JSON.stringify({
      index,
      task: "child",
      payload: String(index),
      options: { maxAttempts: 1, payloadType: "application/json", ...more },
    });
  const items = await call(api, "POST", `/api/v3/batches/${batch.body.id}/items`, {
    body: [line(0), line(1), line(2, { lockToVersion: "20200101.1" })].join("\n"),
    headers: { "content-type": "application/x-ndjson" },
  });
  assert.equal(items.body.sealed, true, JSON.stringify(items.body));
  assert.equal(await statusOf(api, parent.runId), "WAITING");
  const children: Offer[] = [];
  while (children.length < 2) children.push(...(await worker.dequeue()));
  for (const child of children) {
    const { body } = await worker.start(child);
    const { payload } = body.execution.run;
    assert.equal(body.execution.batch.id, batch.body.id);
    await worker.complete(child, payload === "1" ? failed() : ended(payload));
  }
  const { completedWaitpoints } = await goesOn(worker, parent);
  const results = completedWaitpoints.filter(({ type }: { type: string }) => type === "RUN");
  assert.deepEqual(
    results.map(({ index, outputIsError }: { index: number; outputIsError: boolean }) => [index, outputIsError]),
    [
      [0, false],
      [1, true],
      [2, true],
    ],
  );
  for (const { completedByTaskRun } of results) assert.equal(completedByTaskRun.batch.friendlyId, batch.body.id);
});

test("a run waits for a time and then for a token", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "parent");
  const parent = await executing(worker, "parent");
  const date = new Date(Date.now() + 300).toISOString();
  const waited = await call(api, "POST", `/engine/v1/runs/${parent.runId}/wait/duration`, { body: { date } });
  assert.equal(waited.status, 200, JSON.stringify(waited.body));
  assert.equal(waited.body.waitUntil, date);
  const afterTime = await goesOn(worker, parent);
  const [time] = afterTime.completedWaitpoints;
  assert.deepEqual([time.type, time.friendlyId, time.outputIsError], ["DATETIME", waited.body.waitpoint.id, false]);
  const token = await call(api, "POST", "/api/v1/waitpoints/tokens", { body: { timeout: "1h" } });
  const wait = () => call(api, "POST", `/engine/v1/runs/${parent.runId}/waitpoints/tokens/${token.body.id}/wait`);
  assert.deepEqual((await wait()).body, { success: true });
  assert.equal((await worker.latest(parent.runId)).snapshot.executionStatus, "EXECUTING_WITH_WAITPOINTS");
  await call(api, "POST", `/api/v1/waitpoints/tokens/${token.body.id}/complete`, { body: { data: { ok: 1 } } });
  const afterToken = await goesOn(worker, afterTime.offer);
  const [manual] = afterToken.completedWaitpoints;
  assert.deepEqual([manual.type, manual.friendlyId, JSON.parse(manual.output)], ["MANUAL", token.body.id, { ok: 1 }]);
  assert.equal(afterToken.completedWaitpoints.length, 1); // what came before is not told again
  assert.equal((await wait()).status, 200); // a token that is over already
  assert.equal((await goesOn(worker, afterToken.offer)).completedWaitpoints[0].friendlyId, token.body.id);
});

test("a token that nobody completes in time is an error", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "parent");
  const parent = await executing(worker, "parent");
  const token = await call(api, "POST", "/api/v1/waitpoints/tokens", { body: { timeout: "1s" } });
  await call(api, "POST", `/engine/v1/runs/${parent.runId}/waitpoints/tokens/${token.body.id}/wait`);
  const { completedWaitpoints } = await goesOn(worker, parent);
  assert.equal(completedWaitpoints[0].outputIsError, true);
  assert.equal(JSON.parse(completedWaitpoints[0].output).code, "TRIGGER_WAITPOINT_TIMEOUT");
});

test("a run that waits is cancelled", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "parent");
  const parent = await executing(worker, "parent");
  const date = new Date(Date.now() + 3_600_000).toISOString();
  await call(api, "POST", `/engine/v1/runs/${parent.runId}/wait/duration`, { body: { date } });
  await call(api, "POST", `/api/v2/runs/${parent.runId}/cancel`);
  const { snapshot } = await worker.latest(parent.runId);
  assert.equal(snapshot.executionStatus, "PENDING_CANCEL");
  const error = { type: "INTERNAL_ERROR", code: "TASK_RUN_CANCELLED" };
  await worker.complete({ ...parent, snapshotId: snapshot.friendlyId }, { ok: false, id: "run", error });
  assert.equal(await statusOf(api, parent.runId), "CANCELED");
});

test("a wait of a run that no worker executes, and one of an unknown token, are refused", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "parent");
  const queuedId = await worker.trigger("parent");
  const date = new Date().toISOString();
  const waits = (runId: string, body: unknown = { date }) =>
    call(api, "POST", `/engine/v1/runs/${runId}/wait/duration`, { body });
  assert.equal((await waits(queuedId)).status, 422);
  assert.equal((await waits("run_x")).status, 404);
  const offer = await worker.offered();
  await worker.start(offer);
  assert.equal((await waits(offer.runId, { date: "x" })).body.param, "date");
  const token = `waitpoint_${"0".repeat(26)}`;
  const unknown = await call(api, "POST", `/engine/v1/runs/${offer.runId}/waitpoints/tokens/${token}/wait`);
  assert.equal(unknown.status, 404);
});
