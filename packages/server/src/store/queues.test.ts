import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { createQueueStore } from "./queues.ts";
import { limitedTask, plainTask, runStage } from "./runs/fixtures/run-stage.ts";

const limitedQueue = `task/${limitedTask}`;
const plainQueue = `task/${plainTask}`;

const noRates = { declared: { rateLimit: null, combinedRateLimit: null }, override: null, overriddenAt: null };

test("queues are listed by name, in pages, with live counts", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  await stage.trigger(3, { taskId: limitedTask, concurrencyKey: "a" });
  await stage.trigger(1, { queueName: "another" });
  await stage.trigger(1, { delay: { afterMs: 60_000 } });
  await stage.claim({ direct: 3 });
  const { queues: page, count } = await queues.list(stage.environment.id, { offset: 0, size: 2 });
  assert.equal(count, 3);
  assert.deepEqual(
    page.map(({ id: _, ...queue }) => queue),
    [
      {
        name: "another",
        queued: 0,
        running: 1,
        isPaused: false,
        limit: null,
        limitOverride: null,
        overriddenAt: null,
        combinedLimit: null,
        rates: noRates,
      },
      {
        name: limitedQueue,
        queued: 1,
        running: 2,
        isPaused: false,
        limit: 2,
        limitOverride: null,
        overriddenAt: null,
        combinedLimit: null,
        rates: noRates,
      },
    ],
  );
  const next = await queues.list(stage.environment.id, { offset: 2, size: 2 });
  assert.deepEqual(
    next.queues.map((queue) => [queue.name, queue.queued, queue.running]),
    [[plainQueue, 0, 0]],
  );
});

test("a queue is found by its id and by its name", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  const byName = await queues.retrieve(stage.environment.id, { name: limitedQueue });
  assert.ok(byName);
  assert.deepEqual(await queues.retrieve(stage.environment.id, { id: byName.id }), byName);
  assert.equal(await queues.retrieve(stage.environment.id, { name: "none" }), null);
  assert.equal(await queues.retrieve(newUuid(), { name: limitedQueue }), null);
});

test("an override is shown with its time, and its reset leaves the declared limit", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  const { id } = stage.environment;
  assert.equal(await queues.overrideLimit(id, limitedQueue, 7), true);
  const overridden = await queues.retrieve(id, { name: limitedQueue });
  assert.deepEqual([overridden?.limit, overridden?.limitOverride], [2, 7]);
  assert.ok(overridden?.overriddenAt instanceof Date);
  assert.equal(await queues.overrideLimit(id, limitedQueue, null), true);
  const reset = await queues.retrieve(id, { name: limitedQueue });
  assert.deepEqual([reset?.limit, reset?.limitOverride, reset?.overriddenAt], [2, null, null]);
});

test("a queue that does not exist can't be paused or limited", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  assert.equal(await queues.setPaused(stage.environment.id, "none", true), false);
  assert.equal(await queues.overrideLimit(stage.environment.id, "none", 3), false);
});

test("a pause is shown, and a second one changes nothing", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  for (const isPaused of [true, true, false]) {
    assert.equal(await queues.setPaused(stage.environment.id, plainQueue, isPaused), true);
    assert.equal((await queues.retrieve(stage.environment.id, { name: plainQueue }))?.isPaused, isPaused);
  }
});

test("an override to 0 starts nothing more", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  await stage.trigger(2);
  await queues.overrideLimit(stage.environment.id, plainQueue, 0);
  assert.equal((await stage.claim({ direct: 2 })).length, 0);
  await queues.overrideLimit(stage.environment.id, plainQueue, null);
  assert.equal((await stage.claim({ direct: 2 })).length, 2);
});

test("the environment's limit can be changed", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  await stage.trigger(3);
  await queues.setEnvironmentLimit(stage.environment.id, 1);
  assert.equal((await stage.claim({ direct: 3 })).length, 1);
  await queues.setEnvironmentLimit(stage.environment.id, 3);
  assert.equal((await stage.claim({ direct: 3 })).length, 2);
});
