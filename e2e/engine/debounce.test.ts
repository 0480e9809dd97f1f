import assert from "node:assert/strict";
import { test } from "node:test";
import { batch, runs, tasks } from "@pawl/sdk";
import type { gathered, sharesRun } from "../projects/engine/trigger/debounced.ts";
import type { echo } from "../projects/engine/trigger/plain.ts";
import { openEngine, outputOf, untilStatus } from "../stage/engine.ts";

test("debounce", async (t) => {
  const engine = await openEngine(t);
  const gatheredIn = (runIds: ReadonlySet<string>) =>
    engine.marks(({ name, runId }) => name === "gathered" && runIds.has(runId));

  for (const mode of ["leading", "trailing"] as const) {
    await t.test(`200 callers at once make one run, ${mode}`, async () => {
      const first = await tasks.trigger<typeof gathered>("gathered", -1, {
        debounce: { key: mode, delay: "3s", mode },
      });
      const among = await Promise.all(
        Array.from({ length: 200 }, (_, n) =>
          tasks.trigger<typeof gathered>("gathered", n, { debounce: { key: mode, delay: "3s", mode } }),
        ),
      );
      const last = await tasks.trigger<typeof gathered>("gathered", 200, {
        debounce: { key: mode, delay: "1s", mode },
      });
      assert.deepEqual(new Set([...among, last].map(({ id }) => id)), new Set([first.id]));
      assert.deepEqual([first.isCached, last.isCached, among.every(({ isCached }) => isCached)], [false, true, true]);
      assert.equal((await runs.retrieve(first)).status, "DELAYED");
      assert.equal(await outputOf(first), mode === "leading" ? -1 : 200);
      assert.equal((await gatheredIn(new Set([first.id]))).length, 1);
      const next = await tasks.trigger<typeof gathered>("gathered", 1, { debounce: { key: mode, delay: "1s" } });
      assert.notEqual(next.id, first.id);
      await runs.cancel(next.id);
    });
  }

  await t.test("a steady stream makes a run at least as often as maxDelay says, and loses no call", async () => {
    const runOf: string[] = [];
    const firstAtMs = Date.now();
    while (new Set(runOf).size < 3) {
      const debounce = { key: "stream", delay: "1s", mode: "trailing", maxDelay: "2s" } as const;
      runOf.push((await tasks.trigger<typeof gathered>("gathered", runOf.length, { debounce })).id);
    }
    const ids = [...new Set(runOf)];
    const secondAtMs = Date.now();
    assert.ok(secondAtMs - firstAtMs >= 3_900, `two runs took ${secondAtMs - firstAtMs} ms`);
    for (const id of ids) await outputOf({ id, taskIdentifier: "gathered", isCached: false });
    const executed = await gatheredIn(new Set(ids));
    assert.deepEqual(
      executed.map(({ runId, note }) => [runId, note]),
      ids.map((id) => [id, runOf.lastIndexOf(id)]),
    );
  });

  await t.test("in a run: single, batch and wait share the run", async () => {
    const { ids, outputs } = await outputOf(await tasks.trigger<typeof sharesRun>("shares-run", { key: "in a run" }));
    assert.equal(new Set(ids).size, 1, ids.join());
    assert.equal(new Set(outputs).size, 1, "all that wait get what the one run gave");
    assert.ok(["waited", "last item"].includes(String(outputs[0])), "whichever came last");
  });

  await t.test("a run that is cancelled frees its key", async () => {
    const debounce = { key: "cancelled", delay: "1h" };
    const first = await tasks.trigger<typeof echo>("echo", 1, { debounce });
    await runs.cancel(first.id);
    await untilStatus(first, "CANCELED");
    const second = await tasks.trigger<typeof echo>("echo", 2, { debounce });
    assert.ok(second.id !== first.id && !second.isCached);
    await runs.reschedule(second.id, { delay: "1s" });
    const third = await tasks.trigger<typeof echo>("echo", 3, { debounce });
    assert.notEqual(third.id, second.id, "a run with another time is pushed no more");
    assert.equal(await outputOf(second), 2);
    await runs.cancel(third.id);
  });

  await t.test("an item of a batch with a debounce that can't be meant is that item's error", async () => {
    const { batchId } = await batch.trigger<typeof echo>([
      { id: "echo", payload: 1, options: { debounce: { key: "", delay: "1s" } } },
    ]);
    const { processing } = await batch.retrieve(batchId);
    assert.match(processing.errors[0]?.error ?? "", /debounce\.key: must be a text of 1 to 512 characters/);
  });
});
