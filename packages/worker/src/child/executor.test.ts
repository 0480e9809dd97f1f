import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ActiveRun, currentRun, runtime } from "@pawl/sdk/runtime";
import { ExecutorUnderTest, thisRun, waits } from "../fixtures/executor-under-test.ts";

// Several runs in one process: one executes, others are parked or execute beside it.

const forever = () => new Promise(() => {});

test("the next run begins when the one before parks, and a resumed one executes beside it", async () => {
  const host = new ExecutorUnderTest();
  const first = host.begin(async () => {
    await waits();
    await sleep(20);
    return "first";
  });
  let release = () => {};
  const second = host.begin(() => new Promise((resolve) => (release = () => resolve("second"))));
  await host.until(() => host.parkedCount(first) === 1);
  await sleep(5);
  assert.equal(runtime().executing()?.runId, second, "lost context is the current run's");
  host.resume(first, "time#1");
  assert.equal(runtime().executing()?.runId, second);
  assert.equal(await host.outputOf(first), "first");
  release();
  assert.equal(await host.outputOf(second), "second");
  assert.equal(runtime().executing(), null);
});

test("a resumed run is the current one where nothing else is", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(async () => {
    await waits();
    await sleep(10);
  });
  await host.untilAwaits(run);
  assert.equal(runtime().executing(), null);
  host.resume(run, "time#1");
  assert.equal(runtime().executing()?.runId, run);
  const next = host.begin(async () => "next");
  await host.resultOf(next);
  assert.ok(host.of("end")[0]?.body.result.runId === run, "it went first");
});

test("each run keeps its context over its waits", async () => {
  const host = new ExecutorUnderTest();
  const ids = Array.from({ length: 20 }, () =>
    host.begin(async () => {
      await waits();
      thisRun().log({ level: "info", message: `line of ${thisRun().runId}`, atMs: 0, isContextLost: false });
      return thisRun().runId;
    }),
  );
  for (const id of ids) await host.untilAwaits(id);
  for (const id of [...ids].reverse()) host.resume(id, "time#1");
  for (const id of ids) assert.equal(await host.outputOf(id), id);
  for (const id of ids) assert.deepEqual(host.logsOf(id), [`line of ${id}`]);
});

test("an error that escapes a parked run ends that one alone, and the process takes no other", async () => {
  const host = new ExecutorUnderTest();
  let fail = () => {};
  const parked = host.begin(async () => {
    const failing = new Promise<void>((resolve) => (fail = resolve)).then(() =>
      host.executor.escaped(new Error("boom")),
    );
    await Promise.all([waits(), failing]);
  });
  await host.untilAwaits(parked);
  const other = host.begin(() => waits());
  await host.untilAwaits(other);
  const executing = host.begin(() => sleep(30, "done"));
  fail();
  const { error } = await host.failureOf(parked);
  assert.equal(error.type === "INTERNAL_ERROR" ? error.code : "", "TASK_RUN_UNCAUGHT_EXCEPTION");
  assert.equal(host.of("end")[0]?.body.isLast, true);
  assert.equal(await host.outputOf(executing), "done");
  const late = host.begin(async () => "late");
  host.resume(other, "time#1");
  assert.equal(await host.outputOf(other), "time#1");
  assert.ok(!host.of("end").some(({ body }) => body.result.runId === late), "the host has taken it back");
});

test("an error of a run that has ended ends none, and the process is used up with the next one", async () => {
  const host = new ExecutorUnderTest();
  let isOver = false;
  const first = host.begin(async () => {
    void sleep(10).then(() => {
      assert.equal(currentRun().kind, "context_ended");
      host.executor.escaped(new Error("late"));
      isOver = true;
    });
  });
  await host.resultOf(first);
  assert.equal(host.of("end")[0]?.body.isLast, undefined);
  while (!isOver) await sleep(5);
  const second = host.begin(async () => "second");
  assert.equal(await host.outputOf(second), "second");
  assert.equal(host.of("end")[1]?.body.isLast, true);
});

test("process.exit ends the run that calls it when others are in the process", async () => {
  const host = new ExecutorUnderTest();
  const parked = host.begin(() => waits());
  await host.untilAwaits(parked);
  let wentOn = false;
  const exiting = host.begin(async () => {
    if (host.executor.refusesExit(3)) return forever();
    wentOn = true;
  });
  const { error } = await host.failureOf(exiting);
  assert.equal(error.type === "INTERNAL_ERROR" ? error.code : "", "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE");
  assert.match(error.type === "INTERNAL_ERROR" ? (error.message ?? "") : "", /process\.exit\(3\)/);
  assert.equal(host.of("end")[0]?.body.isLast, true);
  host.resume(parked, "time#1");
  assert.equal(await host.outputOf(parked), "time#1");
  assert.equal(wentOn, false);
});

test("process.exit is obeyed when the run is alone, and when no run's code calls it", async () => {
  const host = new ExecutorUnderTest();
  assert.equal(await host.outputOf(host.begin(async () => host.executor.refusesExit(1))), false);
  const parked = host.begin(() => waits());
  await host.untilAwaits(parked);
  assert.equal(host.executor.refusesExit(0), false);
  host.resume(parked, "time#1");
  await host.resultOf(parked);
});

test("a run that is dropped is told of no more, and the next one begins", async () => {
  const host = new ExecutorUnderTest();
  let signal: AbortSignal | null = null;
  const lost = host.begin((_, args) => {
    signal = args.signal;
    return forever();
  });
  const unbegun = host.begin(async () => "never");
  const next = host.begin(async () => "next");
  host.executor.drop(unbegun, "lost");
  host.executor.drop(lost, "The claim was lost.");
  assert.equal(await host.outputOf(next), "next");
  assert.match(String(signal === null ? "" : (signal as AbortSignal).reason), /The claim was lost/);
  assert.equal(host.of("end").length, 1);
});

test("a run ends after the calls that it did not await", async () => {
  const host = new ExecutorUnderTest();
  host.answerOf = () => null;
  const run = host.begin(async () => {
    void thisRun().call({ kind: "trigger", taskId: "t", options: {} });
    return "done";
  });
  await sleep(30);
  assert.equal(host.of("end").length, 0);
  host.executor.answer(run, { call: 1, value: { runId: "run_x", isCached: false } });
  assert.equal(await host.outputOf(run), "done");
});

test("code of a run that has ended can ask for nothing more", async () => {
  const host = new ExecutorUnderTest();
  const kept: ActiveRun[] = [];
  await host.resultOf(host.begin(async () => void kept.push(thisRun())));
  await assert.rejects(async () => kept[0]?.call({ kind: "token", wait: "token#1" }), {
    name: "CallError",
    code: "lost_claim",
  });
});

test("the context has what the run was triggered with", async () => {
  const host = new ExecutorUnderTest();
  const order = {
    isReplay: true,
    parentRunId: "run_parent",
    rootRunId: "run_root",
    batchId: "batch_1",
    idempotencyKey: "key",
    idempotencyKeyScope: "run",
    priority: 5,
    maxDuration: 60,
    machine: "large-1x",
  } as const;
  const run = host.begin(async (_, { ctx }) => ctx, { order });
  const ctx = (await host.outputOf(run)) as Awaited<Parameters<Parameters<typeof host.begin>[0]>[1]["ctx"]>;
  assert.equal(ctx.run.isReplay, true);
  assert.equal(ctx.run.parentTaskRunId, "run_parent");
  assert.equal(ctx.run.rootTaskRunId, "run_root");
  assert.deepEqual(ctx.batch, { id: "batch_1" });
  assert.equal(ctx.run.idempotencyKey, "key");
  assert.equal(ctx.run.idempotencyKeyScope, "run");
  assert.equal(ctx.run.priority, 5);
  assert.equal(ctx.run.maxDuration, 60);
  assert.deepEqual(ctx.machine, { name: "large-1x", cpu: 4, memory: 8, centsPerMs: 0 });
});

test("an attempt after a loss says from where on its waits are new", async () => {
  const host = new ExecutorUnderTest();
  let opened = 0;
  host.answerOf = ({ kind }) => ({ value: kind === "await" ? null : { isFound: ++opened <= 2 } });
  const run = host.begin(
    async () => {
      for (let n = 0; n < 4; n++) await waits();
    },
    { order: { isRecovery: true } },
  );
  for (let n = 1; n <= 4; n++) {
    await host.untilAwaits(run, n);
    await sleep(2);
    host.resume(run, `time#${n}`);
  }
  await host.resultOf(run);
  const [line, ...others] = host.logsOf(run);
  assert.match(line ?? "", /^Recovered 2 waits .* From time#3 on/);
  assert.deepEqual(others, []);
});
