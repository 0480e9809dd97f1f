import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { tasks } from "@pawl/sdk";
import { RunCancelledError } from "@pawl/sdk/runtime";
import { ExecutorUnderTest, thisRun, waits } from "../fixtures/executor-under-test.ts";

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

async function cancelledCode(host: ExecutorUnderTest, run: string): Promise<string> {
  const { error, retry } = await host.failureOf(run);
  assert.deepEqual(retry, { never: true });
  return error.type === "INTERNAL_ERROR" ? error.code : error.type;
}

test("the signal fires, hooks are called in order, and the run ends as cancelled whatever its code makes of it", async () => {
  const host = new ExecutorUnderTest();
  const calls: string[] = [];
  tasks.onCancel(async () => {
    calls.push("global");
  });
  const run = host.begin(
    async (_, { signal }) => {
      tasks.onCancel(() => void calls.push("own"));
      await untilAborted(signal).catch((reason) => calls.push(`signal: ${reason instanceof RunCancelledError}`));
      return "a result";
    },
    {
      hooks: {
        onCancel: async ({ payload, task, ctx }) => {
          await sleep(10);
          calls.push(`task: ${payload} ${task === ctx.task.id}`);
        },
      },
      order: { payload: '"p"' },
    },
  );
  await sleep(1);
  host.executor.cancel(run);
  host.executor.cancel(run); // told again after a reconnect
  assert.equal(await cancelledCode(host, run), "TASK_RUN_CANCELLED");
  assert.deepEqual(calls, ["signal: true", "task: p true", "own", "global"]);
  assert.equal(host.of("end").length, 1);
  assert.equal(host.of("end")[0]?.body.isLast, undefined);
});

test("a parked run is cancelled in place: its waits reject once the hooks are done", async () => {
  const host = new ExecutorUnderTest();
  const calls: string[] = [];
  const run = host.begin(
    () =>
      waits().catch((error) => {
        calls.push(`code: ${error.name}`);
        throw error;
      }),
    {
      hooks: {
        onCancel: async () => {
          await sleep(20);
          calls.push("hook");
        },
      },
    },
  );
  await host.untilAwaits(run);
  const executing = host.begin(() => sleep(5, "other"));
  host.executor.cancel(run);
  assert.equal(await cancelledCode(host, run), "TASK_RUN_CANCELLED");
  assert.deepEqual(calls, ["hook", "code: RunCancelledError"]);
  assert.equal(await host.outputOf(executing), "other");
});

test("a hook may await runPromise, though the code is in a wait", async () => {
  const host = new ExecutorUnderTest();
  const outcomes: unknown[] = [];
  for (const look of [
    async (runPromise: Promise<unknown>) => void outcomes.push(await runPromise),
    async (runPromise: Promise<unknown>) => void outcomes.push(...(await Promise.allSettled([runPromise]))),
    async (runPromise: Promise<unknown>) => runPromise.finally(() => {}),
  ]) {
    const run = host.begin(() => waits().catch(() => "cleaned up"), {
      hooks: { onCancel: ({ runPromise }) => look(runPromise) },
    });
    await host.untilAwaits(run);
    host.executor.cancel(run);
    assert.equal(await cancelledCode(host, run), "TASK_RUN_CANCELLED");
  }
  assert.deepEqual(outcomes, ["cleaned up", { status: "fulfilled", value: "cleaned up" }]);
});

test("a cancelled run begins no other wait", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(() => waits().catch(() => waits()));
  await host.untilAwaits(run);
  host.executor.cancel(run);
  assert.equal(await cancelledCode(host, run), "TASK_RUN_CANCELLED");
  assert.equal(host.awaitsOf(run).length, 1);
});

test("code that does not end within a second leaves its process used up", { timeout: 10_000 }, async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(() => sleep(60_000, undefined, { ref: false }));
  const before = performance.now();
  host.executor.cancel(run);
  assert.equal(await cancelledCode(host, run), "TASK_RUN_CANCELLED");
  const tookMs = performance.now() - before;
  assert.ok(tookMs > 990 && tookMs < 2_500, `${tookMs} ms`);
  assert.equal(host.of("end")[0]?.body.isLast, true);
});

test("a hook that throws is logged, and changes nothing", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin((_, { signal }) => untilAborted(signal), {
    hooks: {
      onCancel: () => {
        throw new Error("hook broke");
      },
    },
  });
  await sleep(1);
  host.executor.cancel(run);
  assert.equal(await cancelledCode(host, run), "TASK_RUN_CANCELLED");
  assert.match(host.logsOf(run).join("\n"), /onCancel hook threw.*hook broke/);
});

test("a run that has not begun ends at once", async () => {
  const host = new ExecutorUnderTest();
  const executing = host.begin(() => sleep(20));
  const behind = host.begin(async () => assert.fail("begun"));
  host.executor.cancel(behind);
  assert.equal(await cancelledCode(host, behind), "TASK_RUN_CANCELLED");
  await host.resultOf(executing);
});

test("an error that escapes a cancelled run, and a catchError hook, do not change how it ends", async () => {
  const host = new ExecutorUnderTest();
  let isAsked = false;
  tasks.catchError(() => {
    isAsked = true;
    return { skipRetrying: true };
  });
  const run = host.begin(async (_, { signal }) => {
    thisRun().onCancel(() => host.executor.escaped(new Error("escaped")));
    await untilAborted(signal);
  });
  await sleep(1);
  host.executor.cancel(run);
  assert.equal(await cancelledCode(host, run), "TASK_RUN_CANCELLED");
  assert.equal(isAsked, false);
});
