import assert from "node:assert/strict";
import { test } from "node:test";
import { fromPublicId } from "@pawl/contract/ids";
import { call, manifestOf, type StartedApi, startApi } from "../fixtures/started-api.ts";

/** Triggers with options and gives the run as the API shows it, and its row. */
async function triggered(api: StartedApi, options: object, key = api.key) {
  const answer = await call(api, "POST", "/api/v1/tasks/a/trigger", { key, body: { options } });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const run = (await call(api, "GET", `/api/v3/runs/${answer.body.id}`, { key })).body;
  const [row = {}] = await api.database.query({
    name: "trigger_test_row",
    text: "select r.*, l.max_attempts as attempts, l.order_at from run r left join live_run l on l.run_id = r.id where r.id = $1::uuid",
    values: [fromPublicId("run", answer.body.id)],
  });
  return { id: answer.body.id as string, isCached: answer.body.isCached as boolean, run, row };
}

test("every option of a trigger is kept, and what the API shows of it is as it was given", async (t) => {
  const api = await startApi(t);
  const { label } = (await call(api, "POST", "/worker/v1/versions", { body: manifestOf("a") })).body;
  const delayed = await triggered(api, { delay: "1h", ttl: "10m" });
  assert.equal(delayed.run.status, "DELAYED");
  assert.equal(delayed.run.ttl, "10m");
  const due = new Date(delayed.run.delayedUntil).getTime() - new Date(delayed.run.createdAt).getTime();
  assert.equal(due, 3_600_000);
  assert.match(delayed.run.reason, /^The run is delayed: .* The run expires at /);
  const at = "2100-01-01T00:00:00.000Z";
  assert.equal((await triggered(api, { delay: at })).run.delayedUntil, at);
  assert.equal((await triggered(api, { delay: "2000-01-01T00:00:00.000Z" })).run.status, "QUEUED");

  const source = { key: "order-7", scope: "global" };
  const keyed = await triggered(api, {
    idempotencyKey: "hash",
    idempotencyKeyTTL: "1h",
    idempotencyKeyOptions: source,
  });
  assert.equal(keyed.run.idempotencyKey, "order-7");
  assert.equal((await triggered(api, { idempotencyKey: "plain" })).run.idempotencyKey, "plain");

  const placed = await triggered(api, { queue: { name: "emails" }, concurrencyKey: 7, priority: 60 });
  assert.deepEqual([placed.row.queue_name, placed.row.concurrency_key, placed.row.priority_s], ["emails", "7", 60]);
  assert.equal((placed.row.created_at as Date).getTime() - (placed.row.order_at as Date).getTime(), 60_000);
  const queue = (await call(api, "GET", "/api/v1/queues/emails?type=custom")).body;
  assert.deepEqual([queue.queued, queue.concurrencyLimit], [1, null], "a queue is made on demand");

  const limited = await triggered(api, {
    maxAttempts: 2,
    maxDuration: 300,
    machine: "small-2x",
    tags: ["x", "y"],
    test: true,
  });
  assert.deepEqual([limited.row.attempts, limited.row.max_duration_s, limited.row.machine], [2, 300, "small-2x"]);
  assert.deepEqual([limited.run.tags, limited.run.isTest], [["x", "y"], true]);
  assert.deepEqual((await triggered(api, { metadata: { a: { b: [1] } } })).run.metadata, { a: { b: [1] } });
  assert.equal((await triggered(api, { lockToVersion: label })).run.version, label);
  const plain = (await triggered(api, {})).run;
  for (const absent of [
    "delayedUntil",
    "ttl",
    "expiredAt",
    "idempotencyKey",
    "metadata",
    "version",
    "region",
    "batchId",
  ]) {
    assert.ok(!(absent in plain), absent);
  }
  assert.deepEqual([plain.depth, plain.triggerFunction], [0, "trigger"]);
});

test("a region is ignored in development, and elsewhere one of those there are", async (t) => {
  const api = await startApi(t);
  assert.ok(!("region" in (await triggered(api, { region: "mars" })).run));
  assert.equal((await triggered(api, { region: "default" }, api.otherKey)).run.region, "default");
  const body = { options: { region: "mars" } };
  const refused = await call(api, "POST", "/api/v1/tasks/a/trigger", { key: api.otherKey, body });
  assert.deepEqual([refused.status, refused.body.param], [422, "options.region"]);
  assert.match(refused.body.error, /no region "mars".*default/);
});

test("an idempotency key finds the run it made, of the same task and environment, until it is reset", async (t) => {
  const api = await startApi(t);
  const first = await triggered(api, { idempotencyKey: "k" });
  assert.equal(first.isCached, false);
  const again = await triggered(api, { idempotencyKey: "k" });
  assert.deepEqual([again.id, again.isCached], [first.id, true]);
  assert.notEqual((await triggered(api, { idempotencyKey: "k" }, api.otherKey)).id, first.id);
  const { body: ofOther } = await call(api, "POST", "/api/v1/tasks/b/trigger", {
    body: { options: { idempotencyKey: "k" } },
  });
  assert.equal(ofOther.isCached, false);

  const headers = { "idempotency-key": "k", "idempotency-key-ttl": "1h" };
  const { body: byHeader } = await call(api, "POST", "/api/v1/tasks/a/trigger", { headers, body: {} });
  assert.deepEqual(byHeader, { id: first.id, isCached: true });
  const bad = await call(api, "POST", "/api/v1/tasks/a/trigger", {
    headers: { ...headers, "idempotency-key-ttl": "x" },
    body: {},
  });
  assert.deepEqual([bad.status, bad.body.param], [400, "idempotency-key-ttl"]);

  const path = "/api/v1/idempotencyKeys/k/reset";
  const reset = await call(api, "POST", path, { body: { taskIdentifier: "a" } });
  assert.deepEqual([reset.status, reset.body], [200, { id: "k" }]);
  assert.equal((await call(api, "POST", path, { body: { taskIdentifier: "a" } })).status, 404);
  assert.equal((await call(api, "POST", path, { body: {} })).body.param, "taskIdentifier");
  assert.notEqual((await triggered(api, { idempotencyKey: "k" })).id, first.id);
  const short = await triggered(api, { idempotencyKey: "short", idempotencyKeyTTL: "0s" });
  assert.notEqual((await triggered(api, { idempotencyKey: "short" })).id, short.id, "its time is over");
});

test("a child names its parent, and its family is shown", async (t) => {
  const api = await startApi(t);
  const root = await triggered(api, {});
  const child = await triggered(api, { parentRunId: root.id });
  const grandchild = await triggered(api, { parentRunId: child.id });
  assert.equal(grandchild.run.depth, 2);
  assert.equal(grandchild.run.relatedRuns.root.id, root.id);
  assert.equal(grandchild.run.relatedRuns.parent.id, child.id);
  const { relatedRuns } = (await call(api, "GET", `/api/v3/runs/${root.id}`)).body;
  assert.deepEqual(Object.keys(relatedRuns), ["children"]);
  assert.deepEqual(
    relatedRuns.children.map((run: { id: string; depth: number }) => [run.id, run.depth]),
    [[child.id, 1]],
  );
  await call(api, "POST", `/api/v2/runs/${root.id}/cancel`);
  const late = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { options: { parentRunId: root.id } } });
  assert.deepEqual([late.status, late.body.param], [422, "options.parentRunId"]);
  const fenced = { parentRunId: root.id, parentFence: 1 };
  const lost = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { options: fenced } });
  assert.deepEqual([lost.status, lost.body.code, lost.body.param], [409, "lost_claim", "options.parentFence"]);
  assert.equal(lost.headers.get("x-should-retry"), "false");
});

test("triggers with one debounce key share a run, which has the last one's payload where they say so", async (t) => {
  const api = await startApi(t);
  const triggerOne = async (payload: unknown, debounce: object, options: object = {}) => {
    const body = { payload, options: { ...options, debounce } };
    const answer = await call(api, "POST", "/api/v1/tasks/a/trigger", { body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body as { readonly id: string; readonly isCached: boolean };
  };
  const first = await triggerOne(1, { key: "k", delay: "1h" }, { tags: "first" });
  const joined = await triggerOne(2, { key: "k", delay: "2h" }, { tags: "second" });
  assert.deepEqual([first.isCached, joined], [false, { id: first.id, isCached: true }]);
  const shown = async () => (await call(api, "GET", `/api/v3/runs/${first.id}`)).body;
  const leading = await shown();
  assert.deepEqual([leading.status, leading.payload, leading.tags], ["PENDING_VERSION", 1, ["first"]]);
  const dueInMs = new Date(leading.delayedUntil).getTime() - Date.now();
  assert.ok(dueInMs > 7_190_000 && dueInMs <= 7_200_000, `due in ${dueInMs} ms`);
  await triggerOne(3, { key: "k", delay: "1h", mode: "trailing", maxDelay: "1h30m" }, { metadata: { n: 3 } });
  const trailing = await shown();
  assert.deepEqual([trailing.payload, trailing.metadata, trailing.tags], [3, { n: 3 }, []]);
  assert.equal(trailing.delayedUntil, leading.delayedUntil, "never brought forward");
  assert.notEqual((await triggerOne(4, { key: "another", delay: "1h" })).id, first.id);
  await call(api, "POST", `/api/v2/runs/${first.id}/cancel`);
  const next = await triggerOne(5, { key: "k", delay: "1h" });
  assert.ok(next.id !== first.id && !next.isCached, "the key of a cancelled run is free");
});

test("a debounce that can't be meant is refused, with the field and what it must be", async (t) => {
  const api = await startApi(t);
  const refusals: readonly (readonly [unknown, string, RegExp, object?])[] = [
    ["k", "debounce", /must be an object such as/],
    [{ key: "", delay: "5s" }, "debounce.key", /must be a text of 1 to 512 characters/],
    [{ key: "x".repeat(513), delay: "5s" }, "debounce.key", /must be a text of 1 to 512 characters/],
    [{ key: "a\0b", delay: "5s" }, "debounce.key", /NUL/],
    [{ key: "k", delay: "0s" }, "debounce.delay", /must be a duration of a second or more/],
    [{ key: "k", delay: "2030-01-01T00:00:00Z" }, "debounce.delay", /must be a duration of a second or more/],
    [{ key: "k", delay: "5s", mode: "both" }, "debounce.mode", /must be leading or trailing/],
    [
      { key: "k", delay: "5s", maxDelay: "5s" },
      "debounce.maxDelay",
      /must be a duration that is longer than the delay/,
    ],
    [{ key: "k", delay: "5s" }, "debounce", /must not stand beside the option delay/, { delay: "1h" }],
  ];
  for (const [debounce, field, message, options = {}] of refusals) {
    const body = { options: { ...options, debounce } };
    const answer = await call(api, "POST", "/api/v1/tasks/a/trigger", { body });
    assert.deepEqual([answer.status, answer.body.param], [422, `options.${field}`], JSON.stringify(answer.body));
    assert.match(answer.body.error, message);
  }
  const [{ runs } = {}] = await api.database.query({
    name: "debounce_test_runs",
    text: "select count(*)::int as runs from run",
    values: [],
  });
  assert.equal(runs, 0);
});
