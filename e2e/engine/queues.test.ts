import assert from "node:assert/strict";
import { test } from "node:test";
import { queues, runs, tasks } from "@pawl/sdk";
import type { gated, inTurn, lasting, sharedA, sharedB } from "../projects/engine/trigger/plain.ts";
import { ended, type Mark, mostAtOnce, openEngine, outputOf, untilStatus } from "../stage/engine.ts";
import { until } from "../stage/until.ts";

test("queues", async (t) => {
  const engine = await openEngine(t);
  const marksOf = (handles: readonly { readonly id: string }[]): Promise<readonly Mark[]> => {
    const ids = new Set(handles.map(({ id }) => id));
    return engine.marks(({ runId }) => ids.has(runId));
  };

  await t.test("a task's own queue executes no more than its limit", async () => {
    const handles = await Promise.all(
      Array.from({ length: 12 }, () => tasks.trigger<typeof inTurn>("in-turn", { ms: 20 })),
    );
    await Promise.all(handles.map((handle) => outputOf(handle)));
    assert.equal(mostAtOnce(await marksOf(handles)), 1);
  });

  await t.test("tasks that share a queue share its limit", async () => {
    const handles = await Promise.all(
      Array.from({ length: 10 }, (_, number) =>
        number % 2 === 0
          ? tasks.trigger<typeof sharedA>("shared-a", { ms: 60 })
          : tasks.trigger<typeof sharedB>("shared-b", { ms: 60 }),
      ),
    );
    for (const { id } of handles) assert.match(String((await ended({ id })).output), /^[ab]$/);
    assert.equal(mostAtOnce(await marksOf(handles)), 2);
  });

  await t.test("the limit holds for each concurrency key by itself", async () => {
    const gate = engine.gate("keys");
    const trigger = (concurrencyKey: string) => tasks.trigger<typeof inTurn>("in-turn", { gate }, { concurrencyKey });
    const first = await Promise.all([trigger("a"), trigger("b"), trigger("c")]);
    const second = await Promise.all([trigger("a"), trigger("b"), trigger("c")]);
    await Promise.all(first.map((handle) => engine.untilMark(handle, "start")));
    for (const handle of second) assert.equal((await runs.retrieve(handle)).isQueued, true);
    await engine.open("keys");
    await Promise.all([...first, ...second].map((handle) => outputOf(handle)));
    assert.equal(mostAtOnce(await marksOf([...first, ...second])), 3);
  });

  await t.test("list and retrieve, with what is queued and executes now", async () => {
    const gate = engine.gate("counted");
    const handles = await Promise.all(
      Array.from({ length: 3 }, () => tasks.trigger<typeof inTurn>("in-turn", { gate })),
    );
    await Promise.any(handles.map((handle) => engine.untilMark(handle, "start")));
    const queue = await queues.retrieve({ type: "task", name: "in-turn" });
    assert.deepEqual(
      { running: queue.running, queued: queue.queued, paused: queue.paused, limit: queue.concurrencyLimit },
      { running: 1, queued: 2, paused: false, limit: 1 },
    );
    assert.equal((await queues.retrieve(queue.id)).name, queue.name);
    const list = await queues.list({ page: 1, perPage: 100 });
    assert.ok(list.data.some(({ id }) => id === queue.id));
    assert.ok(list.data.some(({ name, type }) => name === "pair" && type === "custom"));
    assert.equal((await queues.list({ perPage: 1 })).data.length, 1);
    await engine.open("counted");
    await Promise.all(handles.map((handle) => outputOf(handle)));
    await assert.rejects(queues.retrieve({ type: "custom", name: "nowhere" }), { name: "TriggerApiError" });
  });

  await t.test("a paused queue starts nothing, and lets what executes go on", async () => {
    const queue = { type: "custom", name: "paused" } as const;
    const gate = engine.gate("paused");
    const executing = await tasks.trigger<typeof gated>("gated", { gate }, { queue: queue.name });
    await engine.untilMark(executing, "start");
    assert.equal((await queues.pause(queue)).paused, true);
    const held = await tasks.trigger<typeof gated>("gated", { gate }, { queue: queue.name });
    const elsewhere = await tasks.trigger<typeof lasting>("lasting", { ms: 1 });
    await outputOf(elsewhere);
    await engine.open("paused");
    assert.equal(await outputOf(executing), "open");
    assert.equal((await runs.retrieve(held)).status, "QUEUED");
    assert.equal((await queues.resume(queue)).paused, false);
    assert.equal(await outputOf(held), "open");
  });

  await t.test("a limit can be overridden and reset at run time", async () => {
    const queue = { type: "task", name: "in-turn" } as const;
    const gate = engine.gate("overridden");
    const overridden = await queues.overrideConcurrencyLimit(queue, 3);
    assert.equal(overridden.concurrencyLimit, 3);
    const { base, override } = overridden.concurrency ?? {};
    assert.deepEqual([base, override], [1, 3]);
    const handles = await Promise.all(
      Array.from({ length: 5 }, () => tasks.trigger<typeof inTurn>("in-turn", { gate })),
    );
    await until("three execute", async () => (await queues.retrieve(queue)).running === 3);
    await queues.overrideConcurrencyLimit(queue, 4);
    await until("a fourth follows", async () => (await queues.retrieve(queue)).running === 4);
    assert.equal((await queues.resetConcurrencyLimit(queue)).concurrencyLimit, 1);
    assert.equal((await queues.retrieve(queue)).running, 4, "what executes is not taken away");
    await engine.open("overridden");
    await Promise.all(handles.map((handle) => outputOf(handle)));
    await assert.rejects(queues.overrideConcurrencyLimit(queue, -1), /concurrency ?limit/i);
  });

  await t.test("a limit of zero holds everything until it is raised", async () => {
    const queue = { type: "custom", name: "nothing" } as const;
    await outputOf(await tasks.trigger<typeof lasting>("lasting", { ms: 1 }, { queue: queue.name }));
    await queues.overrideConcurrencyLimit(queue, 0);
    const held = await tasks.trigger<typeof lasting>("lasting", { ms: 1 }, { queue: queue.name });
    const run = await untilStatus(held, "QUEUED");
    assert.match(run.reason ?? "", /nothing/);
    await queues.overrideConcurrencyLimit(queue, 1);
    await outputOf(held);
  });

  await t.test("with one key far ahead, a new key takes the next slot", async () => {
    const queue = { type: "custom", name: "fair" } as const;
    const options = { queue: queue.name, concurrencyKey: "large" };
    await outputOf(await tasks.trigger<typeof lasting>("lasting", { ms: 1 }, options));
    await engine.database.query({
      name: "e2e_combined_limit",
      text: "update queue set combined_limit = 2 where name = 'fair' returning name",
      values: [],
    });
    const items = Array.from({ length: 600 }, () => ({ payload: { ms: 30 }, options }));
    await tasks.batchTrigger<typeof lasting>("lasting", items);
    await until("the large key is under way", async () => (await queues.retrieve(queue)).running === 2);
    for (let round = 1; round <= 5; round++) {
      const handle = await tasks.trigger<typeof lasting>(
        "lasting",
        { ms: 30 },
        { ...options, concurrencyKey: `small ${round}` },
      );
      const triggeredAtMs = Date.now();
      const { atMs } = await engine.untilMark(handle, "start");
      const before = await engine.marks(
        (mark) => mark.name === "start" && mark.runId !== handle.id && mark.atMs > triggeredAtMs && mark.atMs < atMs,
      );
      assert.ok(before.length <= 3, `round ${round}: ${before.length} runs of the large key came first`);
    }
    assert.ok((await queues.retrieve(queue)).queued > 100, "the large key still has runs to come");
    await queues.pause(queue);
    await until("nothing executes", async () => (await queues.retrieve(queue)).running === 0);
  });
});
