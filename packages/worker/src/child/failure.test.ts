import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AbortTaskRunError,
  NotFoundError,
  OutOfMemoryError,
  RateLimitError,
  TaskPayloadParsedError,
  tasks,
} from "@pawl/sdk";
import type { CatchErrorDecision, HookParams, TaskDefinition } from "@pawl/sdk/runtime";
import { ExecutorUnderTest } from "../fixtures/executor-under-test.ts";

const retry = { maxAttempts: 3, minTimeoutInMs: 5_000, factor: 2, randomize: false };

/** Fails a run whose `catchError` gives a decision. */
async function failWith(
  decision: unknown,
  more: Partial<TaskDefinition> & { attempt?: number; thrown?: unknown } = {},
) {
  const { attempt = 1, thrown = new Error("broken"), ...definition } = more;
  const host = new ExecutorUnderTest();
  const asked: HookParams<"catchError">[] = [];
  const run = host.begin(() => Promise.reject(thrown), {
    retry,
    hooks: {
      catchError: (params) => {
        asked.push(params);
        return decision;
      },
    },
    order: { attempt },
    ...definition,
  });
  return { failure: await host.failureOf(run), asked };
}

test("the hook is told the error, and what the policy says", async () => {
  const { failure, asked } = await failWith(undefined, { attempt: 2 });
  const [params] = asked;
  assert.equal(String(params?.error), "Error: broken");
  assert.equal(params?.retryDelayInMs, 10_000);
  assert.ok(Math.abs((params?.retryAt?.getTime() ?? 0) - Date.now() - 10_000) < 1_000);
  assert.equal(params?.retry.maxAttempts, 3);
  assert.deepEqual(failure.retry, { delayMs: 10_000 });
});

test("each decision", async () => {
  const retryOf = async (decision: CatchErrorDecision) => (await failWith(decision)).failure.retry;
  assert.deepEqual(await retryOf({ skipRetrying: true }), { never: true });
  assert.deepEqual(await retryOf({ retryDelayInMs: 123 }), { delayMs: 123 });
  const at = await retryOf({ retryAt: new Date(Date.now() + 60_000) });
  assert.ok(at !== undefined && "delayMs" in at && at.delayMs > 59_000 && at.delayMs <= 60_000);
  assert.deepEqual(await retryOf({ retryAt: new Date(0) }), { delayMs: 0 });
  assert.deepEqual(await retryOf({ retry: { minTimeoutInMs: 7 } }), { delayMs: 7 });
  assert.deepEqual(await retryOf({ retry: { maxAttempts: 1 } }), { never: true });
  const { failure } = await failWith({ error: new TypeError("another") });
  assert.equal(failure.error.type === "BUILT_IN_ERROR" ? failure.error.name : "", "TypeError");
  assert.deepEqual(failure.retry, { delayMs: 5_000 });
});

test("without an attempt left there is no retry, and another error counts all the same", async () => {
  const { failure, asked } = await failWith({ retryDelayInMs: 1, error: "other" }, { attempt: 3 });
  assert.equal(asked[0]?.retryAt, undefined);
  assert.deepEqual(failure.retry, { never: true });
  assert.deepEqual(failure.error, { type: "STRING_ERROR", raw: "other" });
});

test("global hooks come after the task's, in their order; the first that says something decides", async () => {
  const host = new ExecutorUnderTest();
  const calls: string[] = [];
  const hook = (name: string, decision: CatchErrorDecision | undefined) => () => {
    calls.push(name);
    return decision;
  };
  tasks.catchError(hook("first", {}));
  tasks.handleError("named", hook("second", { retryDelayInMs: 5 }));
  tasks.catchError(hook("third", { skipRetrying: true }));
  const run = host.begin(() => Promise.reject(new Error("broken")), { hooks: { catchError: hook("task", undefined) } });
  assert.deepEqual((await host.failureOf(run)).retry, { delayMs: 5 });
  assert.deepEqual(calls, ["task", "first", "second"]);
});

test("a hook that throws fails the run with what it threw", async () => {
  const host = new ExecutorUnderTest();
  const hooks: TaskDefinition["hooks"] = { catchError: () => Promise.reject(new Error("hook broke")) };
  const { error, retry: again } = await host.failureOf(
    host.begin(() => Promise.reject(new Error("broken")), { hooks }),
  );
  assert.equal(error.type === "INTERNAL_ERROR" ? error.code : "", "HANDLE_ERROR_ERROR");
  assert.match(error.type === "INTERNAL_ERROR" ? (error.message ?? "") : "", /hook broke/);
  assert.deepEqual(again, { never: true });
});

test("final errors ask nobody and are not tried again", async () => {
  const details = { headers: {}, body: undefined, message: "no" };
  for (const thrown of [
    new AbortTaskRunError("no"),
    new TaskPayloadParsedError("t", []),
    new NotFoundError(404, details),
  ]) {
    const { failure, asked } = await failWith({ retryDelayInMs: 1 }, { thrown });
    assert.deepEqual(failure.retry, { never: true }, String(thrown));
    assert.equal(asked.length, 0);
  }
  const { failure } = await failWith({ retryDelayInMs: 1 }, { thrown: new RateLimitError(429, details) });
  assert.deepEqual(failure.retry, { delayMs: 1 });
});

test("without a hook the host goes by the policy", async () => {
  const { failure } = await failWith(undefined, { hooks: undefined });
  assert.equal(failure.retry, undefined);
});

test("retries that are off in development", async () => {
  const host = new ExecutorUnderTest();
  host.executor.configure({ retries: { enabledInDev: false } });
  const { retry: again } = await host.failureOf(host.begin(() => Promise.reject(new Error("broken"))));
  assert.deepEqual(again, { never: true });
});

test("code that has run out of memory is not tried again, and says so", async () => {
  const { failure, asked } = await failWith(undefined, { thrown: new OutOfMemoryError("ffmpeg was killed") });
  assert.equal(asked.length, 0);
  assert.deepEqual(failure.retry, { never: true });
  const { error } = failure;
  assert.ok(error.type === "INTERNAL_ERROR");
  assert.deepEqual([error.code, error.message], ["TASK_PROCESS_OOM_KILLED", "ffmpeg was killed"]);
});
