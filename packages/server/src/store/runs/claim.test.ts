import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { inlinePacketLength } from "@pawl/contract/packet";
import { claimRuns } from "./claim.ts";
import { limitedTask, runStage } from "./fixtures/run-stage.ts";

test("the oldest runs are claimed first, and the first of them are started", async (t) => {
  const stage = await runStage(t);
  const first = await stage.trigger(2);
  const second = await stage.trigger(2);
  const claimed = await stage.runs.claim(stage.claimRequest({ direct: 2, ahead: 1 }));
  assert.deepEqual(
    claimed.map((run) => [run.runId, run.isStarted, run.attempt, run.fence]),
    [
      [first[0], true, 1, 1],
      [first[1], true, 1, 1],
      [second[0], false, 1, 1],
    ],
  );
  assert.equal(await stage.runs.hasQueued(stage.environment.id), true);
  assert.equal((await stage.liveRun(first[0] ?? ""))?.state, "executing");
  assert.equal((await stage.liveRun(second[0] ?? ""))?.state, "claimed");
  assert.equal((await stage.liveRun(second[0] ?? ""))?.attempt, 0);
});

test("after the last claim nothing is queued", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(1);
  await stage.runs.claim(stage.claimRequest({ direct: 4 }));
  assert.equal(await stage.runs.hasQueued(stage.environment.id), false);
});

test("a queue never holds more than its limit", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(5, { taskId: limitedTask });
  assert.equal((await stage.runs.claim(stage.claimRequest({ direct: 5 }))).length, 2);
  const again = await stage.runs.claim(stage.claimRequest({ direct: 5 }));
  assert.deepEqual([again.length, await stage.runs.hasQueued(stage.environment.id)], [0, true]);
});

test("many claims at once never exceed the limits of queue and environment", async (t) => {
  const stage = await runStage(t);
  await stage.sql("update environment set concurrency_limit = 7 where id = $1", [stage.environment.id]);
  await stage.trigger(10, { taskId: limitedTask });
  await stage.trigger(20);
  const claims = Array.from({ length: 12 }, () => stage.runs.claim(stage.claimRequest({ direct: 3 })));
  const claimed = (await Promise.all(claims)).flat();
  assert.equal(claimed.length, 7);
  assert.equal(claimed.filter((run) => run.taskId === limitedTask).length, 2);
  assert.equal(new Set(claimed.map((run) => run.runId)).size, 7);
});

test("nothing is claimed ahead from a queue whose limit is not above the number of processes", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(2, { taskId: limitedTask });
  const [plain] = await stage.trigger(1);
  const none = await stage.runs.claim(stage.claimRequest({ direct: 0, ahead: 3, processes: 2 }));
  assert.deepEqual(
    none.map((run) => run.runId),
    [plain],
  );
  const some = await stage.runs.claim(stage.claimRequest({ direct: 0, ahead: 3, processes: 1 }));
  assert.equal(some.length, 2);
});

test("nothing is claimed from a paused queue or environment", async (t) => {
  const stage = await runStage(t);
  const [plain] = await stage.trigger(1);
  await stage.trigger(1, { taskId: limitedTask });
  await stage.sql("update queue set is_paused = true where name = $1", [`task/${limitedTask}`]);
  const claimed = await stage.runs.claim(stage.claimRequest({ direct: 5 }));
  assert.deepEqual(
    claimed.map((run) => run.runId),
    [plain],
  );
  await stage.sql("update queue set is_paused = false");
  await stage.sql("update environment set is_paused = true");
  assert.equal((await stage.runs.claim(stage.claimRequest({ direct: 5 }))).length, 0);
});

test("a host is given only versions whose bundle it has", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(1);
  assert.equal((await stage.runs.claim(stage.claimRequest({ versionIds: [newUuid()] }))).length, 0);
  assert.equal((await stage.runs.claim(stage.claimRequest())).length, 1);
});

test("a payload too long for a message of control is left out and marked", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(1, { payload: "é".repeat(inlinePacketLength), payloadType: "text/plain" });
  const claimed = await stage.runs.claim(stage.claimRequest());
  assert.equal(claimed[0]?.payload, null);
  assert.equal(claimed[0]?.isPayloadStored, true);
});

test("runs made and claimed in one transaction are started by it", async (t) => {
  const stage = await runStage(t);
  const run = stage.newRun();
  const { outcomes, claimed } = await stage.runs.insertAndClaim([run], stage.claimRequest());
  assert.deepEqual(outcomes, [{ kind: "created", runId: run.id }]);
  assert.deepEqual([claimed[0]?.runId, claimed[0]?.isStarted, claimed.length], [run.id, true, 1]);
});

test("the claim walks the index of queued runs, whatever the statistics say", async (t) => {
  const stage = await runStage(t);
  await stage.sql("vacuum analyze live_run");
  await stage.trigger(500);
  const statement = claimRuns(stage.claimRequest());
  const client = await stage.database.connect();
  stage.onEnd(() => client.end());
  await client.query("set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off");
  await client.query(`prepare claim as ${statement.text}`);
  const values = statement.values.map((value) => client.escapeLiteral(String(value))).join(", ");
  const { rows } = await client.query(`explain execute claim(${values})`);
  const plan = rows.map((row: Record<string, unknown>) => row["QUERY PLAN"]).join("\n");
  assert.match(plan, /Index Scan using live_run_queued/);
  assert.match(plan, /using live_run_held/);
  assert.doesNotMatch(plan, /Seq Scan/);
});
