import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { idempotencyKeys, queues, runs, tasks } from "@pawl/sdk";
import type { everyWay, joins, scoped } from "../projects/engine/trigger/keys.ts";
import type { echo, failing, gated, inspect, shortLived } from "../projects/engine/trigger/plain.ts";
import { ended, openEngine, outputOf, untilStatus } from "../stage/engine.ts";

test("idempotency keys", async (t) => {
  const engine = await openEngine(t);
  const triggerEcho = (key: Parameters<typeof idempotencyKeys.create>[0], ttl?: string) =>
    tasks.trigger<typeof echo>("echo", key, {
      idempotencyKey: typeof key === "string" ? key : [...key],
      ...(ttl === undefined ? {} : { idempotencyKeyTTL: ttl }),
    });

  await t.test("a plain string stands for one run of a task, and the reply says whether it was found", async () => {
    const first = await triggerEcho("plain");
    const second = await triggerEcho("plain");
    assert.deepEqual([first.isCached, second.isCached], [false, true]);
    assert.equal(second.id, first.id);
    assert.equal(await outputOf(second), "plain");
    const elsewhere = await tasks.trigger<typeof inspect>("inspect", null, { idempotencyKey: "plain" });
    assert.notEqual(elsewhere.id, first.id, "a key is of one task");
    assert.equal((await outputOf(elsewhere)).run.idempotencyKey, "plain", "the key as it was written");
    const parts = await triggerEcho(["a", "b"]);
    assert.equal((await triggerEcho(["a", "b"])).id, parts.id);
  });

  await t.test("many callers at once make one run", async () => {
    const handles = await Promise.all(Array.from({ length: 20 }, () => triggerEcho("at once")));
    assert.equal(new Set(handles.map(({ id }) => id)).size, 1);
    assert.equal(handles.filter(({ isCached }) => !isCached).length, 1);
    await Promise.all(handles.map((handle) => outputOf(handle)));
    assert.equal((await engine.marks(({ runId, name }) => runId === handles[0]?.id && name === "start")).length, 1);
  });

  await t.test("the global scope is that of a plain string", async () => {
    const plain = await triggerEcho("global");
    const key = await idempotencyKeys.create("global", { scope: "global" });
    assert.equal((await tasks.trigger<typeof echo>("echo", 1, { idempotencyKey: key })).id, plain.id);
  });

  await t.test("in a run: the scope is the run's, the attempt's, or everybody's", async () => {
    const childrenOf = async (key: string, scope: "run" | "attempt" | "global" | null) => {
      const handles = [
        await tasks.trigger<typeof scoped>("scoped", { key, scope }),
        await tasks.trigger<typeof scoped>("scoped", { key, scope }),
      ];
      await Promise.all(handles.map((handle) => outputOf(handle)));
      const marks = await Promise.all(
        handles.map(({ id }) => engine.marks(({ name, runId }) => name === "child" && runId === id)),
      );
      return marks.map((ofRun) => ofRun.map(({ note }) => note));
    };
    const [[a1, a2] = [], [b1, b2] = []] = await childrenOf("by run", "run");
    assert.equal(a1, a2, "both attempts of a run find one child");
    assert.equal(b1, b2);
    assert.notEqual(a1, b1, "another run has its own");
    const byAttempt = (await childrenOf("by attempt", "attempt")).flat();
    assert.equal(new Set(byAttempt).size, 4);
    assert.equal(new Set((await childrenOf("for all", "global")).flat()).size, 1);
    assert.equal(new Set((await childrenOf("plain in runs", null)).flat()).size, 1, "a plain string is global");
  });

  await t.test("single, batch and wait share one path", async () => {
    const { ids, output } = await outputOf(await tasks.trigger<typeof everyWay>("every-way", { key: "every way" }));
    assert.equal(new Set(ids).size, 1, ids.join());
    assert.equal(output, "first");
    const again = await tasks.trigger<typeof echo>("echo", 1, { idempotencyKey: "every way" });
    assert.deepEqual([again.id, again.isCached], [ids[0], true]);
  });

  await t.test("a parent joins a run that another one made, and goes on when it ends", async () => {
    const gate = engine.gate("joined");
    const first = await tasks.trigger<typeof gated>("gated", { gate }, { idempotencyKey: "joined" });
    const parents = await Promise.all([1, 2].map(() => tasks.trigger<typeof joins>("joins", { key: "joined", gate })));
    for (const handle of parents) await untilStatus(handle, "WAITING");
    await engine.open("joined");
    for (const handle of parents) assert.equal(await outputOf(handle), first.id);
    const after = await tasks.trigger<typeof joins>("joins", { key: "joined", gate });
    assert.equal(await outputOf(after), first.id, "a run that has finished gives its result at once");
  });

  await t.test("a key lives as long as it is told to", async () => {
    const first = await triggerEcho("short", "1s");
    assert.equal((await triggerEcho("short", "1s")).id, first.id);
    await delay(1_100); // the life of the key
    const second = await triggerEcho("short", "1s");
    assert.notEqual(second.id, first.id);
    assert.equal(second.isCached, false);
  });

  await t.test("a failed or expired run frees its key, a cancelled or successful one keeps it", async () => {
    const failed = await tasks.trigger<typeof failing>("failing", {}, { idempotencyKey: "k", maxAttempts: 1 });
    assert.equal((await ended(failed)).status, "FAILED");
    const afterFailure = await tasks.trigger<typeof failing>("failing", { times: 0 }, { idempotencyKey: "k" });
    assert.notEqual(afterFailure.id, failed.id);
    await outputOf(afterFailure);
    assert.equal((await tasks.trigger<typeof failing>("failing", {}, { idempotencyKey: "k" })).id, afterFailure.id);

    await queues.pause({ type: "task", name: "short-lived" });
    const expired = await tasks.trigger<typeof shortLived>("short-lived", 1, { idempotencyKey: "k" });
    assert.equal((await ended(expired)).status, "EXPIRED");
    const cancelled = await tasks.trigger<typeof shortLived>("short-lived", 1, { idempotencyKey: "k" });
    assert.notEqual(cancelled.id, expired.id);
    await runs.cancel(cancelled.id);
    assert.equal((await ended(cancelled)).status, "CANCELED");
    assert.equal((await tasks.trigger<typeof shortLived>("short-lived", 1, { idempotencyKey: "k" })).id, cancelled.id);
    await queues.resume({ type: "task", name: "short-lived" });
  });

  await t.test("a key that is reset stands for nothing", async () => {
    const first = await triggerEcho("reset me");
    await idempotencyKeys.reset("echo", "reset me");
    const second = await triggerEcho("reset me");
    assert.notEqual(second.id, first.id);
    const key = await idempotencyKeys.create("reset me", { scope: "global" });
    await idempotencyKeys.reset("echo", key);
    assert.notEqual((await triggerEcho("reset me")).id, second.id);
    await assert.rejects(idempotencyKeys.reset("echo", "never used"), /never used|no .*key|not found/i);
  });

  await t.test("a client's retry of one call makes no second run", async () => {
    const call = () =>
      fetch(`${engine.server.apiUrl}/api/v1/tasks/echo/trigger`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${engine.server.secretKey}`,
          "content-type": "application/json",
          "x-trigger-request-idempotency-key": "5b2f7a1e-0000-4000-8000-000000000001",
        },
        body: JSON.stringify({ payload: 1 }),
      }).then((response) => response.json() as Promise<{ id: string; isCached: boolean }>);
    const first = await call();
    const second = await call();
    assert.equal(second.id, first.id);
    assert.equal(second.isCached, false, "it is the same call");
  });

  await t.test("items of a batch have keys of their own, or the batch's with their place", async () => {
    const items = [{ payload: 1 }, { payload: 2 }];
    const first = await tasks.batchTrigger<typeof echo>("echo", items, { idempotencyKey: "a batch" });
    const second = await tasks.batchTrigger<typeof echo>("echo", items, { idempotencyKey: "a batch" });
    assert.equal(second.batchId, first.batchId, "the batch is found");
    const own = { payload: 3, options: { idempotencyKey: "an item" } };
    const single = await tasks.trigger<typeof echo>("echo", 3, { idempotencyKey: "an item" });
    const { batchId } = await tasks.batchTrigger<typeof echo>("echo", [own, own]);
    const { batch } = await import("@pawl/sdk");
    assert.deepEqual([...new Set((await batch.retrieve(batchId)).runs)], [single.id]);
  });
});
