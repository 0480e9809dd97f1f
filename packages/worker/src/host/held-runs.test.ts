import assert from "node:assert/strict";
import { test } from "node:test";
import { HeldRuns, runsToGiveBack } from "./held-runs.ts";

function heldRuns(ahead: readonly number[], waiting: readonly number[] = []) {
  const held = new HeldRuns();
  const queue = held.queue("version_1");
  let count = 0;
  for (const [lane, times] of [
    ["ahead", ahead],
    ["waiting", waiting],
  ] as const) {
    for (const sinceMs of times) {
      const run = held.add({ ...template, runId: `run_${++count}` }, lane, sinceMs);
      if (run !== null) queue[lane].push(run);
    }
  }
  return { held, queue };
}

const template = {
  fence: 1,
  attempt: 1,
  isStarted: false,
  taskId: "t",
  versionId: "version_1",
  queueName: "task/t",
  payloadType: "application/json" as const,
  isPayloadStored: false,
  maxAttempts: 3,
  createdAt: new Date(0).toISOString(),
  isTest: false,
  tags: [],
  traceId: "",
  runId: "",
};
const flowing = { nowMs: 100, freedAtMs: 90, aheadLimit: 8, isStartingProcess: false };

test("runs stay while processes become free", () => {
  const { queue } = heldRuns([0, 10, 60]);
  assert.deepEqual(runsToGiveBack(queue, flowing), []);
});

test("runs that have waited for 50 ms go back when no process became free in that time", () => {
  const { queue } = heldRuns([0, 50, 51], [20, 60]);
  const ids = runsToGiveBack(queue, { ...flowing, freedAtMs: 50 }).map(({ run }) => run.runId);
  assert.deepEqual(ids, ["run_1", "run_2", "run_4"]);
});

test("a started run keeps waiting for a process that is being started", () => {
  const { queue } = heldRuns([0], [0]);
  const ids = runsToGiveBack(queue, { ...flowing, freedAtMs: 0, isStartingProcess: true }).map(({ run }) => run.runId);
  assert.deepEqual(ids, ["run_1"]);
});

test("the newest runs beyond twice the limit go back", () => {
  const { queue } = heldRuns([90, 91, 92, 93, 94]);
  const ids = runsToGiveBack(queue, { ...flowing, aheadLimit: 2 }).map(({ run }) => run.runId);
  assert.deepEqual(ids, ["run_5"]);
});

test("a claim is held once, and its removal empties its lane", () => {
  const { held, queue } = heldRuns([0]);
  assert.equal(held.add({ ...template, runId: "run_1" }, "ahead", 5), null);
  const run = held.find({ runId: "run_1", fence: 1 });
  assert.ok(run);
  held.remove(run);
  assert.equal(held.size, 0);
  assert.deepEqual(queue.ahead, []);
  assert.notEqual(held.add({ ...template, runId: "run_1", fence: 2 }, "ahead", 5), null);
});
