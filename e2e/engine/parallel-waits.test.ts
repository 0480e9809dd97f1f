import assert from "node:assert/strict";
import { test } from "node:test";
import { queues, runs, tasks, wait } from "@pawl/sdk";
import type { allSettled, chains, lateAwait, mixedAll, race, soloParent } from "../projects/engine/trigger/parallel.ts";
import { mostAtOnce, openEngine, outputOf, untilStatus } from "../stage/engine.ts";
import { until } from "../stage/until.ts";

test("waits in parallel", async (t) => {
  const engine = await openEngine(t);

  await t.test("Promise.all over children, a batch, times, a token and code of the run's own", async () => {
    const token = await wait.createToken({ timeout: "1h" });
    const handle = await tasks.trigger<typeof mixedAll>("mixed-all", { tokenId: token.id });
    await untilStatus(handle, "WAITING");
    await wait.completeToken(token, "told");
    const output = await outputOf(handle);
    assert.deepEqual(output, { first: "first", second: 300, batch: ["b1", "b2"], token: "told", own: "own" });
    const [start, woke] = await Promise.all([engine.untilMark(handle, "start"), engine.untilMark(handle, "woke")]);
    const ms = woke.atMs - start.atMs;
    assert.ok(ms >= 1_990 && ms < 3_500, `as long as the longest of them: ${ms} ms`);
  });

  await t.test("Promise.allSettled", async () => {
    const names = await outputOf(await tasks.trigger<typeof allSettled>("all-settled"));
    assert.deepEqual([names[0], names[1], names[2]], ["fulfilled", "SubtaskUnwrapError", "fulfilled"]);
    assert.notEqual(names[3], "fulfilled");
  });

  await t.test("Promise.race: the run goes on, and ends, while the loser is still open", async () => {
    const handles = await Promise.all(
      (["child", "token", "time"] as const).map((loser) =>
        tasks.trigger<typeof race>("race", { loser, gateMs: 12_000 }),
      ),
    );
    for (const handle of handles) {
      assert.deepEqual(await outputOf(handle), { winner: "winner", again: "after the race" });
      const run = await runs.retrieve(handle);
      const ms = (run.finishedAt?.getTime() ?? 0) - run.createdAt.getTime();
      assert.ok(ms < 10_000, `it ended after ${ms} ms`);
    }
  });

  await t.test("a loser that came in first is the winner", async () => {
    const handle = await tasks.trigger<typeof race>("race", { loser: "child", gateMs: 10 });
    assert.equal((await outputOf(handle)).winner, "loser");
  });

  await t.test("chains that each wait again and again", async () => {
    const output = await outputOf(await tasks.trigger<typeof chains>("chains", { width: 6, depth: 5 }));
    const expected = Array.from({ length: 6 }, (_, name) => Array.from({ length: 5 }, (__, step) => `${name}.${step}`));
    assert.deepEqual(output, expected);
  });

  await t.test("children are triggered at the call, and waited for from the await", async () => {
    const handle = await tasks.trigger<typeof lateAwait>("late-await");
    assert.deepEqual(await outputOf(handle), [200, 300]);
    const { durationMs } = await runs.retrieve(handle);
    assert.ok(durationMs < 1_500, `its own code executed for ${durationMs} ms`);
  });

  await t.test("a parent alone in its queue does not block its children there", async () => {
    const cases = [
      { children: 1, inSequence: true },
      { children: 4, inSequence: true },
      { children: 4, inSequence: false },
    ];
    for (const { children, inSequence } of cases) {
      const handle = await tasks.trigger<typeof soloParent>("solo-parent", { children, inSequence });
      const numbers = Array.from({ length: children }, (_, number) => number);
      assert.deepEqual(await outputOf(handle, 20_000), numbers);
    }
    assert.equal(mostAtOnce(await engine.marks(({ taskId }) => taskId === "solo-child")), 1);
  });

  await t.test("and several such parents take turns", async () => {
    const handles = await Promise.all(
      Array.from({ length: 4 }, () =>
        tasks.trigger<typeof soloParent>("solo-parent", { children: 3, inSequence: false }),
      ),
    );
    await Promise.all(handles.map((handle) => outputOf(handle, 30_000)));
    const counts = async () => queues.retrieve({ type: "custom", name: "solo" });
    await until("the queue is empty", async () => (await counts()).running === 0);
  });
});
