import assert from "node:assert/strict";
import { test } from "node:test";
import { CompleteTaskWithOutput, locals, tasks, waitUntil } from "@pawl/sdk";
import type { HookName, HookParams } from "@pawl/sdk/runtime";
import { ExecutorUnderTest, waits } from "../fixtures/executor-under-test.ts";

const names = [
  "init",
  "onStart",
  "onStartAttempt",
  "onSuccess",
  "onFailure",
  "onComplete",
  "cleanup",
  "catchError",
] as const satisfies readonly HookName[];

/** Hooks of every kind that write down when they are called. */
function noting(calls: string[]): { readonly [K in HookName]?: (params: HookParams<K>) => unknown } {
  const hooks = names.map((name) => [name, () => void calls.push(name)]);
  const middleware = async ({ next }: HookParams<"middleware">) => {
    calls.push("middleware in");
    await next().catch((error: Error) => calls.push(`middleware saw ${error.message}`));
    calls.push("middleware out");
  };
  return { ...Object.fromEntries(hooks), middleware };
}

const opening = ["middleware in", "init", "onStart", "onStartAttempt", "run"];

test("a run that returns goes through its hooks in their order", async () => {
  const host = new ExecutorUnderTest();
  const calls: string[] = [];
  const run = host.begin(async () => calls.push("run"), { hooks: noting(calls) });
  assert.equal(await host.outputOf(run), 5);
  assert.deepEqual(calls, [...opening, "onSuccess", "onComplete", "cleanup", "middleware out"]);
});

test("a run that fails for good tells onFailure and onComplete, whatever its middleware catches", async () => {
  const host = new ExecutorUnderTest();
  const calls: string[] = [];
  const code = async () => {
    calls.push("run");
    throw new Error("broken");
  };
  const run = host.begin(code, { hooks: noting(calls), order: { maxAttempts: 1 } });
  const { error } = await host.failureOf(run);
  assert.equal(error.type === "BUILT_IN_ERROR" && error.message, "broken");
  assert.deepEqual(calls, [
    ...opening,
    "catchError",
    "onFailure",
    "onComplete",
    "cleanup",
    "middleware saw broken",
    "middleware out",
  ]);
});

test("an attempt that is followed by another tells catchError and cleanup alone", async () => {
  const host = new ExecutorUnderTest();
  const calls: string[] = [];
  const code = () => Promise.reject(new Error("broken"));
  const run = host.begin(code, { hooks: noting(calls), order: { attempt: 2, maxAttempts: 3 } });
  await host.failureOf(run);
  assert.deepEqual(calls, [
    "middleware in",
    "init",
    "onStartAttempt",
    "catchError",
    "cleanup",
    "middleware saw broken",
    "middleware out",
  ]);
});

test("skipRetrying makes a failure the last one", async () => {
  const host = new ExecutorUnderTest();
  const calls: string[] = [];
  const hooks = { ...noting(calls), catchError: () => ({ skipRetrying: true }) };
  const run = host.begin(() => Promise.reject(new Error("broken")), { hooks, order: { maxAttempts: 3 } });
  assert.deepEqual((await host.failureOf(run)).retry, { never: true });
  assert.ok(calls.includes("onFailure"));
});

test("global hooks come before the task's when something opens, and after them when it closes", async () => {
  const host = new ExecutorUnderTest();
  const calls: string[] = [];
  const wrap =
    (name: string) =>
    async ({ next }: HookParams<"middleware">) => {
      calls.push(`${name} in`);
      await next();
      calls.push(`${name} out`);
    };
  tasks.middleware("first", wrap("first"));
  tasks.middleware(wrap("second"));
  tasks.onStart(() => void calls.push("global onStart"));
  tasks.onStartAttempt(() => void calls.push("global onStartAttempt"));
  tasks.onSuccess(({ output }) => void calls.push(`global onSuccess ${output}`));
  tasks.onComplete(({ result }) => void calls.push(`global onComplete ${result.ok}`));
  const run = host.begin(async () => 7, {
    hooks: {
      middleware: wrap("task"),
      onStart: () => void calls.push("onStart"),
      onSuccess: () => void calls.push("onSuccess"),
    },
  });
  await host.resultOf(run);
  assert.deepEqual(calls, [
    "first in",
    "second in",
    "task in",
    "global onStart",
    "onStart",
    "global onStartAttempt",
    "onSuccess",
    "global onSuccess 7",
    "global onComplete true",
    "task out",
    "second out",
    "first out",
  ]);
});

for (const name of ["init", "onStart", "onStartAttempt", "middleware"] as const) {
  test(`what ${name} throws fails the attempt, and the code is not called`, async () => {
    const host = new ExecutorUnderTest();
    let isCalled = false;
    const hooks = { [name]: () => Promise.reject(new Error(`${name} broke`)) };
    const run = host.begin(
      async () => {
        isCalled = true;
      },
      { hooks },
    );
    const { error, retry } = await host.failureOf(run);
    assert.equal(error.type === "BUILT_IN_ERROR" && error.message, `${name} broke`);
    assert.equal(retry, undefined);
    assert.equal(isCalled, false);
  });
}

test("what a hook after the code throws is logged, and changes nothing", async () => {
  const host = new ExecutorUnderTest();
  const fail = (name: string) => () => Promise.reject(new Error(`${name} broke`));
  const hooks = { onSuccess: fail("onSuccess"), onComplete: fail("onComplete"), cleanup: fail("cleanup") };
  const run = host.begin(async () => 1, { hooks });
  assert.equal(await host.outputOf(run), 1);
  const logs = host.logsOf(run);
  for (const name of Object.keys(hooks)) {
    assert.ok(
      logs.some((line) => line.startsWith(`The ${name} hook threw. Error: ${name} broke`)),
      name,
    );
  }
});

test("what init gives reaches run and the hooks after it", async () => {
  const host = new ExecutorUnderTest();
  const seen: unknown[] = [];
  const run = host.begin(async (_payload, { init }) => seen.push(init), {
    hooks: {
      init: () => ({ database: 1 }),
      onStartAttempt: ({ init }) => void seen.push(init),
      onComplete: ({ init }) => void seen.push(init),
    },
  });
  await host.resultOf(run);
  assert.deepEqual(seen, Array(3).fill({ database: 1 }));
});

test("the hooks of the configuration are called first", async () => {
  const host = new ExecutorUnderTest();
  const calls: string[] = [];
  tasks.onStart(() => void calls.push("global"));
  host.executor.configure({ onStart: () => void calls.push("config"), onFailure: "no function" });
  await host.resultOf(host.begin(async () => 1));
  assert.deepEqual(calls, ["config", "global"]);
});

test("a middleware that does not call next leaves out the code; one that calls it twice fails", async () => {
  const host = new ExecutorUnderTest();
  const skipped = host.begin(async () => 1, { hooks: { middleware: () => undefined } });
  assert.equal(await host.outputOf(skipped), undefined);
  const twice = host.begin(async () => 1, {
    hooks: {
      middleware: async ({ next }) => {
        await next();
        await next();
      },
    },
  });
  const { error } = await host.failureOf(twice);
  assert.equal(error.type === "BUILT_IN_ERROR" && error.message, "A middleware called next() twice.");
});

test("a middleware that does not wait for the rest does not end the run before it", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(() => waits().then(() => "late"), {
    hooks: { middleware: ({ next }) => void next() },
  });
  await host.untilAwaits(run);
  host.resume(run, "time#1");
  assert.equal(await host.outputOf(run), "late");
});

test("locals that a middleware sets are there in the code and in the hooks, each run its own", async () => {
  const host = new ExecutorUnderTest();
  const key = locals.create<string>("name");
  const seen: string[] = [];
  tasks.middleware(async ({ ctx, next }) => {
    locals.set(key, ctx.run.id);
    await next();
  });
  const hooks = { onSuccess: () => void seen.push(locals.getOrThrow(key)) };
  for (const run of [1, 2].map(() => host.begin(async () => locals.getOrThrow(key), { hooks }))) {
    assert.equal(await host.outputOf(run), run);
    assert.ok(seen.includes(run));
  }
});

test("CompleteTaskWithOutput ends a run well, with and without hooks", async () => {
  const host = new ExecutorUnderTest();
  const outputs: unknown[] = [];
  const code = () => Promise.reject(new CompleteTaskWithOutput({ skipped: true }));
  const hooked = host.begin(code, { hooks: { onSuccess: ({ output }) => void outputs.push(output) } });
  for (const run of [hooked, host.begin(code)]) assert.deepEqual(await host.outputOf(run), { skipped: true });
  assert.deepEqual(outputs, [{ skipped: true }]);
});

test("an output that can't be written fails the run, and its hooks are told", async () => {
  const host = new ExecutorUnderTest();
  const seen: unknown[] = [];
  const output = {
    get broken(): never {
      throw new Error("no way");
    },
  };
  const run = host.begin(async () => output, {
    hooks: { onFailure: ({ error }) => void seen.push(error) },
    order: { maxAttempts: 1 },
  });
  const { error } = await host.failureOf(run);
  assert.equal(error.type === "INTERNAL_ERROR" && error.code, "TASK_OUTPUT_ERROR");
  assert.equal(seen.length, 1);
});

test("waitUntil keeps the run from ending until its promises have settled", async () => {
  const host = new ExecutorUnderTest();
  const order: string[] = [];
  const run = host.begin(async () => {
    waitUntil(
      waits().then(() => {
        order.push("background");
        waitUntil(Promise.reject(new Error("lost")));
      }),
    );
    order.push("code");
    return 1;
  });
  await host.untilAwaits(run);
  assert.deepEqual(order, ["code"]);
  host.resume(run, "time#1");
  assert.equal(await host.outputOf(run), 1);
  assert.deepEqual(order, ["code", "background"]);
  assert.ok(host.logsOf(run).some((line) => line.startsWith("A promise given to waitUntil was rejected. Error: lost")));
});
