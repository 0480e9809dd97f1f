import assert from "node:assert/strict";
import { test } from "node:test";
import { runs, tasks } from "@pawl/sdk";
import type { asksModel } from "../projects/engine/trigger/ai-tools.ts";
import { openEngine, outputOf } from "../stage/engine.ts";

test("a model of the AI SDK has tasks as tools", async (t) => {
  await openEngine(t);
  const ask = (cities: string[], options: { isWhole?: boolean; isAbortable?: boolean } = {}) =>
    tasks.trigger<typeof asksModel>("asks-model", { cities, isWhole: false, isAbortable: false, ...options });
  const resultsOf = async (handle: Awaited<ReturnType<typeof ask>>) => {
    const { results } = await outputOf(handle);
    return results as { city: string; degrees: number; call: string; messages: unknown[]; run: string }[];
  };

  for (const isWhole of [false, true]) {
    await t.test(`its calls are child runs, at once (${isWhole ? "a whole tool" : "toolExecute"})`, async () => {
      const handle = await ask(["Berlin", "Paris"], { isWhole });
      const results = await resultsOf(handle);
      assert.deepEqual(
        results.map(({ city, degrees, call }) => [city, degrees, call]),
        [
          ["Berlin", 21, "call_0"],
          ["Paris", 21, "call_1"],
        ],
      );
      assert.deepEqual(results[0]?.messages, [{ role: "user", content: "How is the weather?" }]);
      const child = await runs.retrieve(results[0]?.run ?? "");
      assert.equal(child.relatedRuns.parent?.id, handle.id);
      assert.equal(child.taskIdentifier, "weather");
    });
  }

  await t.test("with a signal the child is followed, and is a child all the same", async () => {
    const handle = await ask(["Rome"], { isAbortable: true });
    const [result] = await resultsOf(handle);
    assert.equal((await runs.retrieve(result?.run ?? "")).relatedRuns.parent?.id, handle.id);
  });

  await t.test("a child that fails fails the call, and the model is told why", async () => {
    const { text, results } = await outputOf(await ask(["Atlantis"]));
    assert.deepEqual(results, []);
    assert.match(text, /There is no such city/);
  });
});
