import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskManifest, VersionManifest } from "@pawl/contract/task-manifest";
import { withDatabase } from "@pawl/testkit";
import type { Database, Rows } from "./db.ts";
import { createQueueStore } from "./queues.ts";
import { plainTask, runStage } from "./runs/fixtures/run-stage.ts";
import { createVersionStore } from "./versions.ts";

function task(id: string, concurrencyLimit?: number): TaskManifest {
  return {
    id,
    filePath: `trigger/${id}.ts`,
    queue: { name: `task/${id}`, ...(concurrencyLimit === undefined ? {} : { concurrencyLimit }) },
    retry: { maxAttempts: 3, factor: 2, minTimeoutInMs: 1_000, maxTimeoutInMs: 60_000, randomize: true },
  };
}

function manifest(contentHash: string, tasks: readonly TaskManifest[]): VersionManifest {
  return { contentHash, tasks: [...tasks], processKeepAlive: true };
}

function read(database: Database, text: string): Promise<Rows> {
  return database.query({ name: `test_${text.length}`, text, values: [] });
}

test("a registered version is the only current one, with labels that count up", async (t) => {
  const { database, environment } = await withDatabase(t);
  const store = createVersionStore(database);
  const first = await store.register(environment.id, manifest("content-1", [task("a")]));
  const second = await store.register(environment.id, manifest("content-2", [task("b")]));
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "");
  assert.deepEqual([first.label, second.label], [`${day}.1`, `${day}.2`]);
  assert.deepEqual(await read(database, "select id from version where is_current"), [{ id: second.id }]);
});

test("the same content is the same version, made current again with its tasks of now", async (t) => {
  const { database, environment } = await withDatabase(t);
  const store = createVersionStore(database);
  const first = await store.register(environment.id, manifest("content-1", [task("a"), task("b")]));
  await store.register(environment.id, manifest("content-2", []));
  assert.deepEqual(await store.register(environment.id, manifest("content-1", [task("b"), task("c")])), first);
  assert.deepEqual(await read(database, "select id from version where is_current"), [{ id: first.id }]);
  assert.deepEqual(await read(database, "select id from task order by id"), [{ id: "b" }, { id: "c" }]);
});

test("queues take the limit that the code declares", async (t) => {
  const { database, environment } = await withDatabase(t);
  const store = createVersionStore(database);
  const limits = "select name, concurrency_limit as limit from queue order by name";
  await store.register(environment.id, manifest("content-1", [task("a", 2), task("b")]));
  assert.deepEqual(await read(database, limits), [
    { name: "task/a", limit: 2 },
    { name: "task/b", limit: null },
  ]);
  await store.register(environment.id, manifest("content-2", [task("a"), task("b", 0)]));
  assert.deepEqual(await read(database, limits), [
    { name: "task/a", limit: null },
    { name: "task/b", limit: 0 },
  ]);
});

test("a registration sets declared limits and leaves what an operator has set", async (t) => {
  const { database, environment } = await withDatabase(t);
  const store = createVersionStore(database);
  const queues = createQueueStore(database);
  await store.register(environment.id, manifest("content-1", [task("a", 2)]));
  await queues.overrideLimit(environment.id, "task/a", 9);
  await queues.setPaused(environment.id, "task/a", true);
  const changed = { ...task("a", 3), queue: { name: "task/a", concurrencyLimit: 3, combinedConcurrencyLimit: 12 } };
  await store.register(environment.id, manifest("content-2", [changed]));
  const queue = await queues.retrieve(environment.id, { name: "task/a" });
  assert.deepEqual([queue?.limit, queue?.combinedLimit, queue?.limitOverride, queue?.isPaused], [3, 12, 9, true]);
});

test("a task's time to live is stored", async (t) => {
  const { database, environment } = await withDatabase(t);
  await createVersionStore(database).register(
    environment.id,
    manifest("content-1", [{ ...task("a"), ttl: 600 }, task("b")]),
  );
  assert.deepEqual(await read(database, "select id, ttl_s from task order by id"), [
    { id: "a", ttl_s: 600 },
    { id: "b", ttl_s: null },
  ]);
});

test("a limit that a version declares holds for runs that were claimed before it, and for the next claim", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(4);
  const [first] = await stage.claim({ direct: 2 });
  await createVersionStore(stage.database).register(stage.environment.id, manifest("content-2", [task(plainTask, 2)]));
  const [current] = await read(stage.database, "select id from version where is_current");
  const versionIds = [String(current?.id)];
  assert.equal((await stage.claim({ direct: 2, versionIds })).length, 0);
  if (first) {
    await stage.settle({ completed: [{ ...first, output: null, outputType: "application/json", durationMs: 1 }] });
  }
  assert.equal((await stage.claim({ direct: 2, versionIds })).length, 1);
});

test("registrations at the same time get labels of their own", async (t) => {
  const { database, environment } = await withDatabase(t);
  const store = createVersionStore(database);
  const made = await Promise.all(
    ["content-1", "content-2", "content-3"].map((hash) => store.register(environment.id, manifest(hash, [task("a")]))),
  );
  assert.equal(new Set(made.map((version) => version.label)).size, 3);
  assert.equal((await read(database, "select id from version where is_current")).length, 1);
});

test("the current version is read with its tasks", async (t) => {
  const { database, environment } = await withDatabase(t);
  const store = createVersionStore(database);
  assert.equal(await store.current(environment.id), null);
  await store.register(environment.id, manifest("content-1", [task("old")]));
  const { label } = await store.register(environment.id, manifest("content-2", [task("b"), task("a")]));
  assert.deepEqual(await store.current(environment.id), {
    label,
    tasks: [
      { id: "a", filePath: "trigger/a.ts" },
      { id: "b", filePath: "trigger/b.ts" },
    ],
  });
  const { label: emptyLabel } = await store.register(environment.id, manifest("content-3", []));
  assert.deepEqual(await store.current(environment.id), { label: emptyLabel, tasks: [] });
});

test("queued and delayed runs whose task is gone wait for a version with it, and those that have begun do not", async (t) => {
  const stage = await runStage(t);
  const store = createVersionStore(stage.database);
  const begun = await stage.executing();
  const [queued = ""] = await stage.trigger(1);
  const [delayed = ""] = await stage.trigger(1, { delay: { afterMs: 60_000 } });
  await store.register(stage.environment.id, manifest("content-2", [task("other")]));
  const states = async () =>
    Promise.all([begun.runId, queued, delayed].map(async (id) => (await stage.liveRun(id))?.state));
  assert.deepEqual(await states(), ["executing", "pending_version", "pending_version"]);
  const { claimed } = await stage.runs.claim(stage.claimRequest());
  assert.equal(claimed.length, 0);
  await store.register(stage.environment.id, manifest("content-3", [task(plainTask)]));
  await stage.runs.promotePending(stage.environment.id);
  assert.deepEqual(await states(), ["executing", "queued", "delayed"]);
});

test("runs that come back without having begun wait for a version, too, where the current one lacks their task", async (t) => {
  const stage = await runStage(t);
  const store = createVersionStore(stage.database);
  const { environment } = stage;
  const [returned, unheard, lost] = [await stage.executing(), await stage.executing(), await stage.executing()];
  await stage.sql("update live_run set state = 'claimed', attempt = 0, attempt_started_at = null, started_at = null");
  await store.register(environment.id, manifest("content-2", [task("other")]));
  const settled = await stage.settle({ returned: [returned] });
  await stage.runs.reconcile(environment.id, stage.hostId, [lost]);
  await stage.sql("update host set lease_expires_at = now() - interval '1 second'");
  const rescued = await stage.runs.rescue();
  assert.deepEqual([settled.hasQueued, rescued.rescued], [false, 1]);
  const states = async () =>
    Promise.all([returned, unheard, lost].map(async ({ runId }) => (await stage.liveRun(runId))?.state));
  assert.deepEqual(await states(), ["pending_version", "pending_version", "pending_version"]);
  await store.register(environment.id, manifest("content-3", [task(plainTask)]));
  await stage.runs.promotePending(environment.id);
  assert.deepEqual(await states(), ["queued", "queued", "queued"]);
});
