import assert from "node:assert/strict";
import { test } from "node:test";
import { tasks } from "@pawl/sdk";
import { child, childIsDone, ExecutorUnderTest, thisRun, waits } from "../fixtures/executor-under-test.ts";

test("onWait comes before the run parks, onResume before its code goes on, in the opposite order", async () => {
  const host = new ExecutorUnderTest();
  const calls: string[] = [];
  tasks.onWait(({ wait }) => void calls.push(`global onWait ${wait.type} ${host.parkedCount("run_1")}`));
  tasks.onResume(({ wait }) => void calls.push(`global onResume ${wait.type}`));
  const run = host.begin(
    async () => {
      await child("a");
      calls.push("code");
    },
    {
      hooks: {
        onWait: ({ wait, payload }) => void calls.push(`onWait ${wait.type === "task" ? wait.runId : ""} ${payload}`),
        onResume: async ({ wait }) => void calls.push(`onResume ${wait.type}`),
      },
      order: { payload: '"p"' },
    },
  );
  await host.untilAwaits(run);
  host.resume(run, ["a#1", childIsDone("A")]);
  await host.resultOf(run);
  assert.deepEqual(calls, [
    "onWait run_child p",
    "global onWait task 0",
    "global onResume task",
    "onResume task",
    "code",
  ]);
});

test("what a hook throws fails the wait", async () => {
  for (const name of ["onWait", "onResume"] as const) {
    const host = new ExecutorUnderTest();
    const run = host.begin(() => waits().catch((error) => error.message), {
      hooks: { [name]: () => Promise.reject(new Error(`${name} broke`)) },
    });
    if (name === "onResume") {
      await host.untilAwaits(run);
      host.resume(run, "time#1");
    }
    assert.equal(await host.outputOf(run), `${name} broke`);
  }
});

test("a wait that is over before it is awaited calls no hook", async () => {
  const host = new ExecutorUnderTest();
  const calls: string[] = [];
  const run = host.begin(
    async () => {
      const active = thisRun();
      const early = active.nextWait("early");
      await waits();
      await active.awaitWait(early, { type: "duration", date: new Date(0) });
    },
    { hooks: { onWait: ({ wait }) => void calls.push(wait.type) } },
  );
  await host.untilAwaits(run);
  host.resume(run, "time#1", "early#1");
  await host.resultOf(run);
  assert.deepEqual(calls, ["duration"]);
});
