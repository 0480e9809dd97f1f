import assert from "node:assert/strict";
import { test } from "node:test";
import { plainTask } from "../store/runs/fixtures/run-stage.ts";
import { engineStage } from "./fixtures/engine-stage.ts";

test("a thousand parents that wait for a thousand children all finish in an environment with a limit of ten", async (t) => {
  const stage = await engineStage(t);
  await stage.engine.setEnvironmentLimit(stage.environment.id, 10);
  let most = 0;
  const host = stage.playedHost({
    processes: 10,
    async play(played) {
      most = Math.max(most, host.executing);
      if (!played.run.tags.includes("parent")) return undefined;
      await played.call({ kind: "trigger", taskId: plainTask, options: {}, wait: "run#1" });
      await played.awaits(["run#1"]);
      most = Math.max(most, host.executing);
      return undefined;
    },
  });
  host.connect(stage.engine);
  const startedAt = performance.now();
  await stage.engine.triggerMany(Array.from({ length: 500 }, () => stage.request({ tags: ["parent"] })));
  await stage.engine.triggerMany(Array.from({ length: 500 }, () => stage.request({ tags: ["parent"] })));
  await host.until(() => host.finished.size === 2_000);
  const seconds = (performance.now() - startedAt) / 1_000;
  assert.ok(seconds < 20, `it took ${seconds} s`);
  assert.ok(most <= 10, `${most} executed at once`);
  assert.deepEqual(await stage.sql("select outcome, count(*)::int from run group by 1"), [
    { outcome: "completed", count: 2_000 },
  ]);
});
