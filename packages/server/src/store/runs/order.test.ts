import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import type { Claim } from "../../engine/ports.ts";
import { createHostStore } from "../hosts.ts";
import { createQueueStore } from "../queues.ts";
import { createVersionStore } from "../versions.ts";
import { plainTask, type RunStage, runStage } from "./fixtures/run-stage.ts";

const queueName = `task/${plainTask}`;

/** A stage whose plain queue executes one run of a key at a time. */
async function orderedStage(t: Parameters<typeof runStage>[0]): Promise<RunStage> {
  const stage = await runStage(t);
  await stage.sql("update queue set concurrency_limit = 1 where name = $1", [queueName]);
  return stage;
}

const take = (stage: RunStage) => stage.claim({ direct: 10 });

async function taken(stage: RunStage): Promise<readonly string[]> {
  return (await take(stage)).map((run) => run.runId);
}

/** Claims, and expects just this run. */
async function takeOnly(stage: RunStage, runId: string | undefined): Promise<Claim> {
  const [run, ...others] = await take(stage);
  assert.deepEqual([run?.runId, others.length], [runId, 0]);
  return run ?? assert.fail("nothing was claimed");
}

const fail = (stage: RunStage, { runId, fence }: Claim, retryDelayMs: number | null) =>
  stage.settle({
    failed: [
      {
        runId,
        fence,
        error: { type: "STRING_ERROR", raw: "no" },
        outcome: "failed",
        durationMs: 1,
        retryDelayMs,
        isRetriedInPlace: false,
      },
    ],
  });

const complete = (stage: RunStage, { runId, fence }: Claim) =>
  stage.settle({ completed: [{ runId, fence, output: null, outputType: "application/json", durationMs: 1 }] });

/** The delay of a run is over. */
async function wake(stage: RunStage, runId: string): Promise<void> {
  await stage.sql("update live_run set due_at = now() - interval '1 second' where run_id = $1", [runId]);
  await stage.runs.promoteDue();
}

/** What lies in the past is not the present: claims close lanes that they can't serve. */
async function calmDown(stage: RunStage): Promise<void> {
  await stage.sql("update lane set served_at = served_at - interval '1 hour'");
  await stage.sql("update dispatch set served_from = '-infinity'");
}

test("nothing of its key starts while a run waits for its next attempt, which is the next to start", async (t) => {
  const stage = await orderedStage(t);
  const [first, second] = await stage.trigger(3);
  await fail(stage, await takeOnly(stage, first), 60_000);
  assert.deepEqual(await taken(stage), []);
  await calmDown(stage);
  assert.deepEqual(await taken(stage), []);
  const lanes = await stage.sql("select standing from lane where head_at is not null");
  assert.deepEqual(
    lanes.map((lane) => lane.standing),
    ["at_limit"],
  );
  await wake(stage, first ?? "");
  const again = await takeOnly(stage, first);
  await complete(stage, again);
  await takeOnly(stage, second);
});

test("an attempt that follows at once, and one after a loss, come before those behind", async (t) => {
  const stage = await orderedStage(t);
  const [first, second] = await stage.trigger(2);
  await fail(stage, await takeOnly(stage, first), 0);
  await takeOnly(stage, first);
  await stage.loseHost();
  await stage.runs.rescue();
  const hostId = newUuid();
  await createHostStore(stage.database).connect({
    id: hostId,
    environmentId: stage.environment.id,
    name: "next",
    versionIds: [stage.versionId],
    leaseMs: 60_000,
  });
  const claimed = await stage.claim({ direct: 10, hostId });
  assert.deepEqual(
    claimed.map((run) => run.runId),
    [first],
  );
  assert.equal((await stage.liveRun(second ?? ""))?.state, "queued");
});

test("another key goes on meanwhile", async (t) => {
  const stage = await orderedStage(t);
  const [first] = await stage.trigger(2, { concurrencyKey: "a" });
  await fail(stage, await takeOnly(stage, first), 60_000);
  const [other] = await stage.trigger(2, { concurrencyKey: "b" });
  await takeOnly(stage, other);
});

test("a run keeps its place where one slot is shared by all keys", async (t) => {
  const stage = await runStage(t);
  await stage.sql("update queue set combined_limit = 1 where name = $1", [queueName]);
  const [first] = await stage.trigger(2, { concurrencyKey: "a" });
  await fail(stage, await takeOnly(stage, first), 60_000);
  const [other] = await stage.trigger(1, { concurrencyKey: "b" });
  await complete(stage, await takeOnly(stage, other));
  assert.deepEqual(await taken(stage), []);
  await wake(stage, first ?? "");
  await takeOnly(stage, first);
});

test("a run that is cancelled between two attempts makes way, whether it is delayed or queued", async (t) => {
  const stage = await orderedStage(t);
  const [first, second, third] = await stage.trigger(3);
  await fail(stage, await takeOnly(stage, first), 60_000);
  await calmDown(stage);
  assert.deepEqual(await taken(stage), []);
  await stage.runs.cancel(stage.environment.id, [first ?? ""]);
  await fail(stage, await takeOnly(stage, second), 60_000);
  await wake(stage, second ?? "");
  await calmDown(stage);
  assert.deepEqual(await stage.claim({ direct: 10, versionIds: [] }), []);
  await stage.runs.cancel(stage.environment.id, [second ?? ""]);
  await takeOnly(stage, third);
});

test("with a higher limit nobody waits for it, and with the limit of one again it is first", async (t) => {
  const stage = await orderedStage(t);
  const queues = createQueueStore(stage.database);
  const { id } = stage.environment;
  const [first, second, third, fourth] = await stage.trigger(4);
  await fail(stage, await takeOnly(stage, first), 60_000);
  await calmDown(stage);
  assert.deepEqual(await taken(stage), []);
  await queues.overrideLimit(id, queueName, 2);
  const both = await take(stage);
  assert.deepEqual(
    both.map((run) => run.runId),
    [second, third],
  );
  for (const run of both) await complete(stage, run);
  await queues.overrideLimit(id, queueName, null);
  await calmDown(stage);
  assert.deepEqual(await taken(stage), []);
  await wake(stage, first ?? "");
  await complete(stage, await takeOnly(stage, first));
  await takeOnly(stage, fourth);
});

test("in a queue with a higher limit a run between two attempts keeps no place", async (t) => {
  const stage = await runStage(t);
  await stage.sql("update queue set concurrency_limit = 2 where name = $1", [queueName]);
  const [first, second, third] = await stage.trigger(3);
  const claimed = await take(stage);
  assert.deepEqual(
    claimed.map((run) => run.runId),
    [first, second],
  );
  for (const run of claimed) await fail(stage, run, 60_000);
  await takeOnly(stage, third);
  const kept = await stage.sql("select from live_run where keeps_place");
  assert.equal(kept.length, 0);
});

test("runs of one key that are locked to different versions start in the order of triggering", async (t) => {
  const stage = await orderedStage(t);
  const [before] = await stage.sql("select label from version where is_current");
  const current = await createVersionStore(stage.database).register(stage.environment.id, {
    contentHash: "fedcba9876543210",
    processKeepAlive: true,
    tasks: [
      { id: plainTask, filePath: "a.ts", queue: { name: queueName, concurrencyLimit: 1 }, retry: defaultRetryPolicy },
    ],
  });
  const versionIds = [stage.versionId, current.id];
  const expected: string[] = [];
  for (let n = 0; n < 8; n++) {
    // Others of many keys fill what a claim looks at.
    const lockToVersion = n % 3 === 0 ? String(before?.label) : null;
    expected.push(...(await stage.trigger(1, { lockToVersion })));
  }
  await stage.insert(Array.from({ length: 60 }, (_, n) => stage.newRun({ concurrencyKey: `other ${n}` })));
  const started: string[] = [];
  for (let n = 0; n < 200 && started.length < 8; n++) {
    for (const run of await stage.claim({ direct: 1, versionIds })) {
      if (run.concurrencyKey === "") started.push(run.runId);
      await complete(stage, run);
    }
  }
  assert.deepEqual(started, expected);
});

test("the first run of a key is found though many other lanes stand before its own", async (t) => {
  const stage = await orderedStage(t);
  const [version] = await stage.sql("select label from version where is_current");
  const [first] = await stage.trigger(1, { lockToVersion: String(version?.label) });
  await stage.trigger(1);
  await stage.insert(Array.from({ length: 60 }, (_, n) => stage.newRun({ concurrencyKey: `other ${n}` })));
  await stage.claim({ versionIds: [] }); // makes the lanes
  await stage.sql(
    `update lane set served_at = now() - interval '1 hour' * case
       when concurrency_key <> '' then 2 when version_id = $1 then 1 else 3 end`,
    [stage.versionId],
  );
  await stage.sql("update dispatch set served_from = '-infinity'");
  const started: string[] = [];
  for (let n = 0; n < 70 && started.length === 0; n++) {
    for (const run of await stage.claim()) if (run.concurrencyKey === "") started.push(run.runId);
  }
  assert.deepEqual(started, [first]);
});

test("a run whose time has come opens the lane that it shares with those behind it", async (t) => {
  const stage = await orderedStage(t);
  const [version] = await stage.sql("select label from version where is_current");
  const [first] = await stage.trigger(2, { lockToVersion: String(version?.label) });
  await fail(stage, await takeOnly(stage, first), 60_000);
  await take(stage);
  await calmDown(stage);
  assert.deepEqual(await taken(stage), []);
  await wake(stage, first ?? "");
  await takeOnly(stage, first);
});

test("a run that keeps its place and that no connected host can execute is waited for", async (t) => {
  const stage = await orderedStage(t);
  const [first, second] = await stage.trigger(2);
  await fail(stage, await takeOnly(stage, first), 0);
  const current = await createVersionStore(stage.database).register(stage.environment.id, {
    contentHash: "fedcba9876543210",
    processKeepAlive: true,
    tasks: [
      { id: plainTask, filePath: "a.ts", queue: { name: queueName, concurrencyLimit: 1 }, retry: defaultRetryPolicy },
    ],
  });
  assert.deepEqual(await stage.claim({ direct: 10, versionIds: [current.id] }), []);
  await stage.runs.cancel(stage.environment.id, [first ?? ""]);
  const claimed = await stage.claim({ direct: 10, versionIds: [current.id] });
  assert.deepEqual(
    claimed.map((run) => run.runId),
    [second],
  );
});

test("the sweep takes a lane for rightly closed whose runs stand behind one that is delayed", async (t) => {
  const stage = await orderedStage(t);
  const [first, second] = await stage.trigger(2);
  await fail(stage, await takeOnly(stage, first), 60_000);
  await calmDown(stage);
  assert.deepEqual(await taken(stage), []);
  assert.deepEqual(await stage.runs.sweepLanes(), []);
  await stage.runs.cancel(stage.environment.id, [first ?? ""]);
  await stage.sql("delete from lane_wake");
  assert.deepEqual(await stage.runs.sweepLanes(), [stage.environment.id]);
  await takeOnly(stage, second);
});
