import assert from "node:assert/strict";
import { test } from "node:test";
import { runStage } from "../../store/runs/fixtures/run-stage.ts";
import { LaneSweep } from "./lane-sweep.ts";

test("a queued run that no lane and no word tells of is found, where there are hosts to claim for", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(1);
  await stage.sql("delete from lane_wake");
  const freed: string[] = [];
  let hasHosts = false;
  const sweep = new LaneSweep({
    runs: stage.runs,
    hasHosts: () => hasHosts,
    onFreed: (environmentId) => freed.push(environmentId),
    onError: (error) => assert.fail(String(error)),
  });
  await sweep.runOnce();
  assert.deepEqual(freed, []);
  hasHosts = true;
  await sweep.runOnce();
  assert.deepEqual(freed, [stage.environment.id]);
  assert.equal((await stage.claim()).length, 1);
  await sweep.stop();
});
