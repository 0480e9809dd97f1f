import assert from "node:assert/strict";
import { test } from "node:test";
import { call, startApi } from "../api/fixtures/started-api.ts";
import { ended, failed, pollingWorker } from "./fixtures/polling-worker.ts";

test("a run is offered, started and completed", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "mail.send");
  await call(api, "POST", "/api/v1/projects/x/envvars/dev", { body: {} });
  const asked = worker.offered(); // it waits before there is a run
  const runId = await worker.trigger("mail.send", {
    payload: '{"json":{"to":"a"}}',
    options: { payloadType: "application/super+json", tags: ["t"], metadata: { m: 1 }, maxDuration: 60 },
  });
  const offer = await asked;
  assert.equal(offer.runId, runId);
  assert.equal(offer.attempt, 1);
  assert.equal((await call(api, "GET", `/api/v3/runs/${runId}`)).body.status, "DEQUEUED");
  const started = await worker.start(offer);
  assert.equal(started.status, 200, JSON.stringify(started.body));
  const { execution, envVars, snapshot, run } = started.body;
  assert.equal(snapshot.executionStatus, "EXECUTING");
  assert.deepEqual([run.friendlyId, run.attemptNumber, run.status], [runId, 1, "EXECUTING"]);
  assert.equal(execution.run.payload, '{"json":{"to":"a"}}');
  assert.deepEqual([execution.run.tags, execution.run.metadata, execution.run.maxDuration], [["t"], { m: 1 }, 60]);
  assert.equal(execution.run.version, worker.versionLabel);
  assert.equal(execution.task.id, "mail.send");
  assert.equal(execution.queue.name, "task/mail.send");
  assert.match(execution.run.traceContext.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.equal(envVars.TRIGGER_API_URL, api.apiUrl);
  assert.match(envVars.TRIGGER_OTEL_EXPORTER_OTLP_ENDPOINT, /\/otel\/env_[a-z0-9]+\/[0-9a-f]{64}$/);
  const latest = await worker.latest(runId);
  assert.equal(latest.snapshot.friendlyId, snapshot.friendlyId);
  const flushed = JSON.stringify({ json: { operations: [{ type: "set", key: "step", value: 2 }] } });
  const completion = ended({ sent: true }, { flushedMetadata: { data: flushed, dataType: "application/super+json" } });
  const done = await worker.complete({ runId, snapshotId: latest.snapshot.friendlyId }, completion);
  assert.equal(done.status, 200, JSON.stringify(done.body));
  assert.equal(done.body.result.attemptStatus, "RUN_FINISHED");
  assert.equal(done.body.result.run.attemptNumber, 1);
  const { body } = await call(api, "GET", `/api/v3/runs/${runId}`);
  assert.deepEqual([body.status, body.output, body.metadata], ["COMPLETED", { sent: true }, { m: 1, step: 2 }]);
  assert.equal((await worker.latest(runId)).snapshot.executionStatus, "FINISHED");
});

test("the worker decides when a failed attempt is repeated, and the server how often", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "mail.send");
  const runId = await worker.trigger("mail.send", { options: { maxAttempts: 2 } });
  const first = await worker.offered();
  await worker.start(first);
  const retry = { timestamp: Date.now() + 10, delay: 10 };
  const { body } = await worker.complete(first, failed({ retry }));
  assert.equal(body.result.attemptStatus, "RETRY_QUEUED");
  assert.equal(body.result.run.attemptNumber, 1);
  const second = await worker.offered();
  assert.deepEqual([second.runId, second.attempt], [runId, 2]);
  assert.notEqual(second.snapshotId, first.snapshotId);
  await worker.start(second);
  const end = await worker.complete(second, failed({ retry }));
  assert.equal(end.body.result.attemptStatus, "RUN_FINISHED");
  assert.equal((await call(api, "GET", `/api/v3/runs/${runId}`)).body.status, "FAILED");
});

test("a process that died is attempted again by its task's policy", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "mail.send");
  await worker.trigger("mail.send");
  const first = await worker.offered();
  await worker.start(first);
  const error = { type: "INTERNAL_ERROR", code: "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", message: "exit 1" };
  const { body } = await worker.complete(first, { ok: false, id: "run", error });
  assert.equal(body.result.attemptStatus, "RETRY_QUEUED");
});

test("an error with a code that only such workers know ends the run", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "mail.send");
  const runId = await worker.trigger("mail.send");
  const first = await worker.offered();
  await worker.start(first);
  const error = { type: "INTERNAL_ERROR", code: "COULD_NOT_FIND_EXECUTOR", message: "superseded" };
  const { body } = await worker.complete(first, { ok: false, id: "run", error });
  assert.equal(body.result.attemptStatus, "RUN_FINISHED");
  const run = await call(api, "GET", `/api/v3/runs/${runId}`);
  assert.match(run.body.error.message, /superseded/);
});

test("a stale snapshot is refused, and not to be tried again", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "mail.send");
  await worker.trigger("mail.send");
  const first = await worker.offered();
  await worker.start(first);
  await worker.complete(first, failed({ retry: { timestamp: 0, delay: 0 } }));
  const second = await worker.offered();
  await worker.start(second);
  for (const answer of [await worker.start(first), await worker.complete(first, ended(1))]) {
    assert.equal(answer.status, 409);
    assert.equal(answer.headers.get("x-should-retry"), "false");
    assert.equal(answer.body.code, "lost_claim");
  }
  const again = await worker.start(second); // a call whose answer was lost
  assert.equal(again.body.execution.attempt.number, 2);
  for (const snapshotId of ["snapshot_1", "x", `snapshot_${"9".repeat(10)}_1_offered`]) {
    const answer = await worker.start({ ...second, snapshotId });
    assert.ok(answer.status === 404 || answer.status === 409, String(answer.status));
  }
});

test("a run that is cancelled while it executes ends when its worker says so", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "mail.send");
  const runId = await worker.trigger("mail.send");
  const offer = await worker.offered();
  await worker.start(offer);
  await call(api, "POST", `/api/v2/runs/${runId}/cancel`);
  const { snapshot, run } = await worker.latest(runId);
  assert.deepEqual([snapshot.executionStatus, run.attemptNumber], ["PENDING_CANCEL", 1]);
  const error = { type: "INTERNAL_ERROR", code: "TASK_RUN_CANCELLED" };
  const { body } = await worker.complete({ runId, snapshotId: snapshot.friendlyId }, { ok: false, id: runId, error });
  assert.equal(body.result.attemptStatus, "RUN_FINISHED");
  assert.equal((await call(api, "GET", `/api/v3/runs/${runId}`)).body.status, "CANCELED");
});

test("an offer that was cancelled can't be started", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "mail.send");
  const runId = await worker.trigger("mail.send");
  const offer = await worker.offered();
  await call(api, "POST", `/api/v2/runs/${runId}/cancel`);
  assert.equal((await call(api, "GET", `/api/v3/runs/${runId}`)).body.status, "CANCELED");
  assert.equal((await worker.start(offer)).status, 409);
});

test("what a worker executed that was killed is cancelled at once", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "mail.send");
  const ids = [await worker.trigger("mail.send"), await worker.trigger("mail.send")];
  const offers = [...(await worker.dequeue())];
  if (offers.length === 1) offers.push(...(await worker.dequeue()));
  assert.ok(offers[0] !== undefined);
  await worker.start(offers[0]);
  const { body } = await call(api, "POST", "/engine/v1/dev/disconnect", {
    body: { runFriendlyIds: [...ids, "run_unknown"] },
  });
  assert.deepEqual(body, { cancelled: 2 });
  for (const id of ids) assert.equal((await call(api, "GET", `/api/v3/runs/${id}`)).body.status, "CANCELED");
});
