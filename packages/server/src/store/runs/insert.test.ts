import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import { raceDatabase } from "@pawl/testkit";
import { createVersionStore } from "../versions.ts";
import { limitedTask, plainTask, runStage } from "./fixtures/run-stage.ts";
import { createRunStore } from "./run-store.ts";

test("a run of a known task is queued in the task's queue with the task's attempts", async (t) => {
  const stage = await runStage(t);
  const [runId = ""] = await stage.trigger(1, { taskId: limitedTask });
  const live = await stage.liveRun(runId);
  assert.equal(live?.state, "queued");
  assert.equal(live?.queue_name, `task/${limitedTask}`);
  assert.equal(live?.max_attempts, 1);
});

test("the trigger's own number of attempts wins", async (t) => {
  const stage = await runStage(t);
  const [runId = ""] = await stage.trigger(1, { maxAttempts: 7 });
  assert.equal((await stage.liveRun(runId))?.max_attempts, 7);
});

test("texts come back as they were, with quotes, backslashes and commas", async (t) => {
  const stage = await runStage(t);
  const payload = 'a "quoted" \\ back,slash {brace} NULL \n é 🎬';
  const run = stage.newRun({ payload, payloadType: "text/plain", tags: ['with "quotes"', "a,b", "c\\d"] });
  await stage.insert([run, stage.newRun({ payload: null })]);
  const read = await stage.reader.retrieve(stage.environment.id, run.id);
  assert.equal(read?.payload, payload);
  assert.deepEqual(read?.tags, ['with "quotes"', "a,b", "c\\d"]);
});

test("a call with a request key that is taken finds the run that has it", async (t) => {
  const stage = await runStage(t);
  const first = stage.newRun({ requestKey: "key-1" });
  assert.deepEqual(await stage.insert([first]), [{ kind: "created", runId: first.id }]);
  const fresh = stage.newRun({ requestKey: "key-2" });
  const outcomes = await stage.insert([stage.newRun({ requestKey: "key-1" }), fresh, stage.newRun()]);
  assert.deepEqual(outcomes[0], { kind: "found", runId: first.id, isCached: false });
  assert.deepEqual(outcomes[1], { kind: "created", runId: fresh.id });
  assert.equal(outcomes[2]?.kind, "created");
  assert.equal((await stage.sql("select from live_run")).length, 3);
});

test("two calls with one key in one array make one run", async (t) => {
  const stage = await runStage(t);
  const first = stage.newRun({ requestKey: "twice" });
  const outcomes = await stage.insert([first, stage.newRun({ requestKey: "twice" })]);
  assert.deepEqual(outcomes, [
    { kind: "created", runId: first.id },
    { kind: "found", runId: first.id, isCached: false },
  ]);
});

test("two calls with one key on two connections make one run", async (t) => {
  const stage = await runStage(t);
  const calls = Array.from({ length: 8 }, () => stage.insert([stage.newRun({ requestKey: "raced" })]));
  const outcomes = (await Promise.all(calls)).flat();
  assert.equal(new Set(outcomes.map((outcome) => outcome.kind !== "refused" && outcome.runId)).size, 1);
  assert.equal(outcomes.filter((outcome) => outcome.kind === "created").length, 1);
});

test("the place of a batch item is taken once", async (t) => {
  const stage = await runStage(t);
  const batchId = newUuid();
  await stage.sql("insert into batch (environment_id, id, run_count) values ($1, $2, 2)", [
    stage.environment.id,
    batchId,
  ]);
  const item = (batchIndex: number) => stage.newRun({ batchId, batchIndex });
  const made = item(0);
  await stage.insert([made]);
  const outcomes = await stage.insert([item(0), item(1)]);
  assert.deepEqual(outcomes[0], { kind: "found", runId: made.id, isCached: false });
  assert.equal(outcomes[1]?.kind, "created");
});

test("a run of an unknown task waits for a version with it", async (t) => {
  const stage = await runStage(t);
  const [runId = ""] = await stage.trigger(1, { taskId: "stage.later.run" });
  assert.equal((await stage.liveRun(runId))?.state, "pending_version");
  await registerLater(stage);
  assert.equal(await stage.runs.promotePending(stage.environment.id), true);
  const live = await stage.liveRun(runId);
  assert.equal(live?.state, "queued");
  assert.equal(live?.queue_name, "later");
  assert.equal(live?.max_attempts, 5);
});

test("a registration that commits between a trigger's look and its commit is seen by its second look", async (t) => {
  const stage = await runStage(t);
  const races = raceDatabase(stage.database);
  const point = races.hold("runs_insert", "after");
  const run = stage.newRun({ taskId: "stage.later.run" });
  const inserting = createRunStore(races.database).insert([run]);
  await point.reached;
  await registerLater(stage);
  point.release();
  await inserting;
  assert.equal((await stage.liveRun(run.id))?.state, "queued");
});

test("an array with a run that the database refuses makes none of its runs", async (t) => {
  const stage = await runStage(t);
  const good = stage.newRun();
  await assert.rejects(stage.insert([good, stage.newRun({ payload: "\u0000" })]));
  assert.equal(await stage.liveRun(good.id), undefined);
});

async function registerLater(stage: Awaited<ReturnType<typeof runStage>>): Promise<void> {
  await createVersionStore(stage.database).register(stage.environment.id, {
    contentHash: "fedcba9876543210",
    processKeepAlive: true,
    tasks: [
      {
        id: "stage.later.run",
        filePath: "trigger/later.ts",
        queue: { name: "later" },
        retry: { ...defaultRetryPolicy, maxAttempts: 5 },
      },
      { id: plainTask, filePath: "trigger/plain.ts", queue: { name: `task/${plainTask}` }, retry: defaultRetryPolicy },
    ],
  });
}
