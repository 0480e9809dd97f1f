import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { inlinePacketLength } from "@pawl/contract/packet";
import { createQueueStore } from "../queues.ts";
import { limitedTask, plainTask, type RunStage, runStage } from "./fixtures/run-stage.ts";

const limitedQueue = `task/${limitedTask}`;

/** Has the next claims look at everything, as the first of a server does. */
async function claimInFull(stage: RunStage): Promise<void> {
  await stage.sql("update dispatch set updated_at = updated_at - interval '1 hour'");
}

/** Both ways to claim: the whole one, and the short one that follows where it needed no more. */
for (const way of ["whole", "plain"]) {
  const prepared = async (stage: RunStage) => {
    if (way === "plain") {
      // The first claim opens the lane, the next may be plain.
      await stage.trigger(1);
      const [run] = await stage.claim();
      assert.ok(run);
      await stage.settle({ completed: [{ ...run, output: null, outputType: "application/json", durationMs: 1 }] });
    } else await claimInFull(stage);
    return stage;
  };

  test(`the oldest runs are claimed first, and the first of them are started (${way})`, async (t) => {
    const stage = await prepared(await runStage(t));
    const first = await stage.trigger(2);
    const second = await stage.trigger(2);
    const { claimed, hasMore } = await stage.runs.claim(stage.claimRequest({ direct: 2, ahead: 1 }));
    assert.deepEqual(
      claimed.map((run) => [run.runId, run.isStarted, run.attempt, run.fence]),
      [
        [first[0], true, 1, 1],
        [first[1], true, 1, 1],
        [second[0], false, 1, 1],
      ],
    );
    assert.equal(hasMore, true);
    assert.equal((await stage.liveRun(first[0] ?? ""))?.state, "executing");
    assert.equal((await stage.liveRun(second[0] ?? ""))?.state, "claimed");
    assert.equal((await stage.liveRun(second[0] ?? ""))?.attempt, 0);
  });

  test(`after a claim that took all there is nothing more (${way})`, async (t) => {
    const stage = await prepared(await runStage(t));
    await stage.trigger(3);
    const { claimed, hasMore } = await stage.runs.claim(stage.claimRequest({ direct: 4 }));
    assert.deepEqual([claimed.length, hasMore], [3, false]);
  });

  test(`the environment's limit holds, and is named (${way})`, async (t) => {
    const stage = await prepared(await runStage(t));
    await stage.sql("update environment set concurrency_limit = 3");
    await stage.trigger(5);
    const first = await stage.runs.claim(stage.claimRequest({ direct: 2 }));
    assert.deepEqual([first.claimed.length, first.isEnvironmentFull], [2, false]);
    const second = await stage.runs.claim(stage.claimRequest({ direct: 2 }));
    assert.deepEqual([second.claimed.length, second.isEnvironmentFull], [1, true]);
    const third = await stage.runs.claim(stage.claimRequest({ direct: 2 }));
    assert.deepEqual([third.claimed.length, third.isEnvironmentFull], [0, true]);
  });

  test(`a run that goes back to where it stood is found there (${way})`, async (t) => {
    const stage = await prepared(await runStage(t));
    const [first, second] = await stage.trigger(2);
    const [claimed] = await stage.claim({ direct: 0, ahead: 1 });
    assert.ok(claimed !== undefined && claimed.runId === first);
    await stage.sql("update lane set head_at = now()");
    await stage.settle({ returned: [{ runId: claimed.runId, fence: claimed.fence }] });
    assert.deepEqual(
      (await stage.claim({ direct: 5 })).map((run) => run.runId),
      [first, second],
    );
  });

  test(`a host is given only versions whose bundle it has (${way})`, async (t) => {
    const stage = await prepared(await runStage(t));
    await stage.trigger(1);
    assert.equal((await stage.claim({ versionIds: [newUuid()] })).length, 0);
    assert.equal((await stage.claim()).length, 1);
  });

  test(`a paused environment gives nothing (${way})`, async (t) => {
    const stage = await prepared(await runStage(t));
    await stage.trigger(1);
    const queues = createQueueStore(stage.database);
    await queues.setEnvironmentPaused(stage.environment.id, true);
    assert.equal((await stage.claim({ direct: 5 })).length, 0);
    await queues.setEnvironmentPaused(stage.environment.id, false);
    assert.equal((await stage.claim({ direct: 5 })).length, 1);
  });

  test(`many claims at once never exceed the limits of queue and environment (${way})`, async (t) => {
    const stage = await prepared(await runStage(t));
    await stage.sql("update environment set concurrency_limit = 7 where id = $1", [stage.environment.id]);
    await stage.trigger(10, { taskId: limitedTask });
    await stage.trigger(20);
    const claims = Array.from({ length: 12 }, () => stage.claim({ direct: 3 }));
    const claimed = (await Promise.all(claims)).flat();
    assert.equal(claimed.length, 7);
    assert.equal(claimed.filter((run) => run.taskId === limitedTask).length, 2);
    assert.equal(new Set(claimed.map((run) => run.runId)).size, 7);
  });
}

test("a queue never holds more than its limit", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(5, { taskId: limitedTask });
  assert.equal((await stage.claim({ direct: 5 })).length, 2);
  const again = await stage.runs.claim(stage.claimRequest({ direct: 5 }));
  assert.deepEqual([again.claimed.length, again.hasMore, again.isEnvironmentFull], [0, false, false]);
});

test("the limit of a queue holds for each concurrency key, its combined limit for all of them", async (t) => {
  const stage = await runStage(t);
  for (const concurrencyKey of ["a", "b", "c"]) await stage.trigger(4, { taskId: limitedTask, concurrencyKey });
  await stage.sql("update queue set combined_limit = 5 where name = $1", [limitedQueue]);
  const claimed = await stage.claim({ direct: 20 });
  const keys = claimed.map((run) => run.concurrencyKey).sort();
  assert.deepEqual([keys.length, new Set(keys).size], [5, 3]);
  assert.ok(["a", "b", "c"].every((key) => keys.filter((one) => one === key).length <= 2));
  const [one] = claimed;
  assert.ok(one);
  await stage.settle({ completed: [{ ...one, output: null, outputType: "application/json", durationMs: 1 }] });
  assert.equal((await stage.claim({ direct: 20 })).length, 1);
});

test("a plain claim starts those held ahead that are about to find a process, another none", async (t) => {
  const stage = await runStage(t);
  const request = { direct: 1, ahead: 3, inAdvance: 2 };
  await stage.trigger(8);
  const states = async () => (await stage.claim(request)).map((run) => [run.isStarted, run.attempt]);
  assert.deepEqual(await states(), [
    [true, 1],
    [false, 1],
    [false, 1],
    [false, 1],
  ]);
  assert.deepEqual(await states(), [
    [true, 1],
    [true, 1],
    [true, 1],
    [false, 1],
  ]);
});

test("nothing is claimed ahead from a queue whose limit is not above the number of processes", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(2, { taskId: limitedTask });
  const [plain] = await stage.trigger(1);
  const none = await stage.claim({ direct: 0, ahead: 3, processes: 2 });
  assert.deepEqual(
    none.map((run) => run.runId),
    [plain],
  );
  const some = await stage.claim({ direct: 0, ahead: 3, processes: 1 });
  assert.equal(some.length, 2);
});

test("nothing is claimed from a paused queue", async (t) => {
  const stage = await runStage(t);
  const [plain] = await stage.trigger(1);
  await stage.trigger(1, { taskId: limitedTask });
  await createQueueStore(stage.database).setPaused(stage.environment.id, limitedQueue, true);
  const claimed = await stage.claim({ direct: 5 });
  assert.deepEqual(
    claimed.map((run) => run.runId),
    [plain],
  );
});

test("a run stands as much before others as its priority says", async (t) => {
  const stage = await runStage(t);
  const [, last] = [await stage.trigger(2), await stage.trigger(1, { priorityS: 10 })];
  const [first] = await stage.claim();
  assert.equal(first?.runId, last[0]);
  assert.equal(first?.priorityS, 10);
});

test("a payload too long for a message of control is left out and marked", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(1, { payload: "é".repeat(inlinePacketLength), payloadType: "text/plain" });
  const claimed = await stage.claim();
  assert.equal(claimed[0]?.payload, null);
  assert.equal(claimed[0]?.isPayloadStored, true);
});

test("a claimed run comes with all that its trigger said", async (t) => {
  const stage = await runStage(t);
  const [parentId = ""] = await stage.trigger(1);
  await stage.trigger(1, {
    concurrencyKey: "tenant",
    maxDurationS: 60,
    metadata: '{"a":1}',
    machine: "large-1x",
    replayOf: newUuid(),
    idempotency: { key: "hash", lifeS: 60, source: "mine", scope: "run" },
    parent: { runId: parentId, claim: null, wait: null },
  });
  const claimed = (await stage.claim({ direct: 5 })).find((run) => run.runId !== parentId);
  assert.deepEqual(
    [claimed?.concurrencyKey, claimed?.maxDurationS, claimed?.metadata, claimed?.machine, claimed?.isReplay],
    ["tenant", 60, '{"a":1}', "large-1x", true],
  );
  assert.deepEqual(
    [claimed?.idempotencyKey, claimed?.idempotencyKeyScope, claimed?.parentRunId, claimed?.rootRunId],
    ["mine", "run", parentId, parentId],
  );
});

test("the task's longest duration holds where the trigger says none", async (t) => {
  const stage = await runStage(t);
  await stage.sql("update task set max_duration_s = 30 where id = $1", [plainTask]);
  await stage.trigger(1);
  assert.equal((await stage.claim())[0]?.maxDurationS, 30);
});

test("runs made and claimed in one transaction are started by it", async (t) => {
  const stage = await runStage(t);
  const run = stage.newRun();
  const { outcomes, claim } = await stage.runs.insertAndClaim([run], stage.claimRequest());
  assert.deepEqual(outcomes, [{ kind: "created", runId: run.id }]);
  assert.deepEqual([claim.claimed[0]?.runId, claim.claimed[0]?.isStarted, claim.claimed.length], [run.id, true, 1]);
});

test("a run that a start takes no longer expires; one that is held ahead does", async (t) => {
  const stage = await runStage(t);
  const [started, held] = await stage.trigger(2, { ttlS: 60 });
  await stage.claim({ direct: 1, ahead: 1 });
  assert.equal((await stage.liveRun(started ?? ""))?.expires_at, null);
  assert.notEqual((await stage.liveRun(held ?? ""))?.expires_at, null);
});
