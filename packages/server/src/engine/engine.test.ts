import assert from "node:assert/strict";
import { test } from "node:test";
import { engineStage } from "./fixtures/engine-stage.ts";

const done = { kind: "completed", outputType: "application/json", durationMs: 1 } as const;

/** What makes a run with options, of which a claim follows or is a part. */
const inserts = ["runs_insert_with_options", "runs_insert_claimed_with_options"];

test("a trigger with a process ready starts its run in the transaction that makes it", async (t) => {
  const stage = await engineStage(t);
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 1 } });
  await host.next((message) => message.type === "welcome");
  // The first trigger may meet the claim that the host's arrival caused, which has the room of its one process.
  const states: unknown[] = [];
  for (let pushed = 1; pushed < 20 && !states.includes("executing"); pushed++) {
    const point = stage.races.hold(inserts, "after");
    const triggering = stage.triggered({ priorityS: 1 });
    await point.reached;
    states.push((await stage.sql("select state from live_run"))[0]?.state);
    point.release();
    const runId = await triggering;
    const run = (await host.pushed(pushed)).at(-1);
    assert.deepEqual([run?.runId, run?.isStarted], [runId, true]);
    const result = { ...done, runId, fence: run?.fence ?? 0 };
    await host.report({ results: [result], capacity: host.capacity({ ready: 1 }) });
  }
  assert.equal(states.at(-1), "executing", `states after the insert: ${states.join(", ")}`);
});

test("runs queued before a host came are pushed when it comes", async (t) => {
  const stage = await engineStage(t);
  await stage.engine.triggerMany([stage.request(), stage.request(), stage.request()]);
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 1, ahead: 1 } });
  const runs = await host.pushed(2);
  assert.deepEqual(
    runs.map((run) => run.isStarted),
    [true, false],
  );
});

test("a report that frees a process brings the next run, and starts the one held ahead", async (t) => {
  const stage = await engineStage(t);
  await stage.engine.triggerMany([stage.request(), stage.request(), stage.request()]);
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 1, ahead: 1 } });
  const [first, second] = await host.pushed(2);
  assert.ok(first && second);
  const lost = await host.report({
    results: [{ ...done, runId: first.runId, fence: first.fence }],
    started: [{ runId: second.runId, fence: second.fence }],
    capacity: host.capacity({ ahead: 1 }),
  });
  assert.deepEqual(lost, []);
  await host.pushed(3);
  assert.equal((await stage.reader.retrieve(stage.environment.id, first.runId))?.outcome, "completed");
  assert.equal((await stage.liveRun(second.runId))?.state, "executing");
});

test("a report that is sent again after its ack was lost changes nothing more", async (t) => {
  const stage = await engineStage(t);
  await stage.engine.trigger(stage.request());
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 1 } });
  const [run] = await host.pushed(1);
  assert.ok(run);
  const result = { ...done, runId: run.runId, fence: run.fence };
  await host.report({ results: [result] });
  host.close();
  host.connect(stage.engine, { held: [{ runId: run.runId, fence: run.fence }] });
  const welcome = await host.next((message) => message.type === "welcome");
  assert.deepEqual(welcome.type === "welcome" && welcome.lost, [{ runId: run.runId, fence: run.fence }]);
  assert.equal((await host.report({ results: [result] })).length, 1);
  assert.equal((await stage.reader.retrieve(stage.environment.id, run.runId))?.attempt, 1);
});

test("a run pushed into a connection that broke is given again after the reconnect", async (t) => {
  const stage = await engineStage(t);
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 1 } });
  await host.next((message) => message.type === "welcome");
  const runId = await stage.triggered();
  await host.pushed(1);
  host.close();
  host.connect(stage.engine, { held: [], capacity: { ready: 1 } });
  const runs = await host.pushed(2);
  assert.deepEqual([runs[1]?.runId, runs[1]?.attempt, runs[1]?.fence], [runId, 1, 2]);
});

test("a run claimed for a connection that closed meanwhile goes back at once", async (t) => {
  const stage = await engineStage(t);
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 1 } });
  await host.next((message) => message.type === "welcome");
  const point = stage.races.hold(inserts, "before");
  const triggering = stage.triggered({ priorityS: 1 });
  await point.reached;
  host.close();
  point.release();
  const runId = await triggering;
  const live = await stage.liveRun(runId);
  assert.deepEqual([live?.state, live?.attempt], ["queued", 0]);
});

test("no more is pushed than the host has room for", async (t) => {
  const stage = await engineStage(t);
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 2 } });
  await host.next((message) => message.type === "welcome");
  await Promise.all(Array.from({ length: 10 }, () => stage.engine.trigger(stage.request())));
  await host.pushed(2);
  await host.report({}); // what was claimed before the report has been pushed by now
  assert.equal(host.runs.length, 2);
});

test("a slot that comes free in a limited queue is taken by the next run", async (t) => {
  const stage = await engineStage(t);
  const limited = stage.request({ taskId: "stage.limited.run" });
  await stage.engine.triggerMany([limited, limited, limited]);
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 4 } });
  const [first] = await host.pushed(2);
  assert.ok(first);
  await host.report({
    results: [{ ...done, runId: first.runId, fence: first.fence }],
    capacity: host.capacity({ ready: 3 }),
  });
  await host.pushed(3);
});

test("a run that fails is attempted again when its delay is over", async (t) => {
  const stage = await engineStage(t);
  await stage.engine.trigger(stage.request());
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 1 } });
  const [run] = await host.pushed(1);
  assert.ok(run);
  await host.report({
    results: [
      {
        kind: "failed",
        runId: run.runId,
        fence: run.fence,
        error: { type: "STRING_ERROR", raw: "no" },
        durationMs: 1,
        retry: { delayMs: 30 },
      },
    ],
    capacity: host.capacity({ ready: 1 }),
  });
  const [, again] = await host.pushed(2);
  assert.deepEqual([again?.runId, again?.attempt], [run.runId, 2]);
});

test("a run that was delayed through a server that died is queued when its host comes to another", async (t) => {
  const stage = await engineStage(t);
  const claim = await stage.executing();
  const error = { type: "STRING_ERROR", raw: "no" } as const;
  await stage.settle({
    failed: [{ ...claim, error, outcome: "failed", durationMs: 1, retryDelayMs: 60_000, isRetriedInPlace: false }],
  });
  await stage.sql("update live_run set due_at = now()");
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 1 } });
  const [run] = await host.pushed(1);
  assert.deepEqual([run?.runId, run?.attempt], [claim.runId, 2]);
});

test("a version that brings a task brings its waiting runs", async (t) => {
  const stage = await engineStage(t);
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 1 } });
  await host.next((message) => message.type === "welcome");
  const runId = await stage.triggered({ taskId: "stage.later.run" });
  const outcome = await stage.engine.registerVersion(stage.environment, {
    contentHash: "fedcba9876543210",
    processKeepAlive: true,
    tasks: [
      {
        id: "stage.later.run",
        filePath: "trigger/later.ts",
        queue: { name: "later" },
        retry: { maxAttempts: 1, factor: 1, minTimeoutInMs: 0, maxTimeoutInMs: 0, randomize: false },
      },
    ],
  });
  assert.ok(outcome.kind === "registered");
  const { version } = outcome;
  host.say({ type: "capacity", capacity: host.capacity({ ready: 1 }), versions: [version.id] });
  const [run] = await host.pushed(1);
  assert.deepEqual([run?.runId, run?.versionId], [runId, version.id]);
});

test("an error of the store ends the connection, so that the host comes back and says what it holds", async (t) => {
  const stage = await engineStage(t);
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 1 } });
  await host.next((message) => message.type === "welcome");
  await stage.engine.trigger(stage.request());
  const [run] = await host.pushed(1);
  assert.ok(run);
  await stage.sql("alter table run add constraint test_refusal check (outcome is null) not valid");
  host.say({
    type: "report",
    report: 1,
    results: [{ ...done, runId: run.runId, fence: run.fence }],
    started: [],
    returned: [],
    orphaned: [],
    capacity: host.capacity(),
  });
  while (host.isOpen) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(stage.errors.length, 1);
  await stage.sql("alter table run drop constraint test_refusal");
  host.connect(stage.engine, { held: [{ runId: run.runId, fence: run.fence }] });
  await host.next((message) => message.type === "welcome");
  assert.deepEqual(await host.report({ results: [{ ...done, runId: run.runId, fence: run.fence }] }), []);
});

test("a result that the store refuses fails its own run, and no other of its report", async (t) => {
  const stage = await engineStage(t, { splitsRows: true });
  await stage.sql("alter table run add constraint test_refusal check (output is distinct from 'poison')");
  await stage.engine.triggerMany([stage.request(), stage.request()]);
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 2 } });
  const [first, second] = await host.pushed(2);
  assert.ok(first && second);
  const lost = await host.report({
    results: [
      { ...done, runId: first.runId, fence: first.fence, output: "poison" },
      { ...done, runId: second.runId, fence: second.fence, output: "1" },
    ],
  });
  assert.deepEqual(lost, []);
  const poisoned = await stage.reader.retrieve(stage.environment.id, first.runId);
  assert.equal(poisoned?.outcome, "failed");
  assert.equal(poisoned?.error?.type === "INTERNAL_ERROR" && poisoned.error.code, "TASK_OUTPUT_ERROR");
  assert.equal((await stage.reader.retrieve(stage.environment.id, second.runId))?.outcome, "completed");
});

test("a run that the store refuses fails its own trigger, and its host keeps its connection", async (t) => {
  const stage = await engineStage(t, { splitsRows: true });
  await stage.sql("alter table run add constraint test_refusal check (payload is distinct from 'poison')");
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 4 } });
  await host.next((message) => message.type === "welcome");
  const [poisoned, good] = await Promise.allSettled([stage.triggered({ payload: "poison" }), stage.triggered()]);
  assert.equal(poisoned.status, "rejected");
  assert.ok(good.status === "fulfilled");
  const [run] = await host.pushed(1);
  assert.equal(run?.runId, good.value);
  assert.equal(host.isOpen, true);
  assert.deepEqual(stage.errors, []);
});
