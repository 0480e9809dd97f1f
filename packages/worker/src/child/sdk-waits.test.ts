import assert from "node:assert/strict";
import { test } from "node:test";
import { idempotencyKeys, RunCancelledError, SubtaskUnwrapError, tasks, wait } from "@pawl/sdk";
import { childIsDone, ExecutorUnderTest } from "../fixtures/executor-under-test.ts";

// What the SDK's promises do in a real run process: when a run waits, and what it goes on with.

function started(): ExecutorUnderTest {
  const host = new ExecutorUnderTest();
  host.answerOf = (request) => ({
    value: request.kind === "trigger" ? { runId: "run_child", isCached: false } : { waitpointId: "waitpoint_1" },
  });
  return host;
}

const kindsOf = (host: ExecutorUnderTest) =>
  host.messages.map((message) => (message.kind === "call" ? message.body.request.kind : message.kind));

const isRun = (key: string) => key.startsWith("run:");

test("children, a time and a token are asked for and awaited in one turn", async () => {
  const host = started();
  const run = host.begin(() =>
    Promise.all([
      tasks.triggerAndWait("child", "a", { idempotencyKey: "key" }).unwrap(),
      tasks.triggerAndWait("child", "b"),
      wait.for({ minutes: 1, idempotencyKey: "nap" }),
      wait.forToken("waitpoint_1").unwrap(),
    ]),
  );
  const keys = await host.untilAwaits(run);
  assert.equal(keys.length, 4);
  assert.deepEqual(kindsOf(host).sort(), ["await", "join", "parked", "time", "trigger", "trigger"]);
  assert.deepEqual(kindsOf(host).slice(-2), ["parked", "await"]);
  const [first = "", second = ""] = keys.filter(isRun);
  host.resume(run, [second, childIsDone("B")], "time#1");
  assert.deepEqual([...(await host.untilAwaits(run, 2))].sort(), [first, "token-wait#1"].sort());
  const token = { kind: "token", isTimeout: false, output: "yes", outputType: "text/plain" } as const;
  host.resume(run, [first, childIsDone("A")], ["token-wait#1", token]);
  const [a, b, , answer] = (await host.outputOf(run)) as unknown[];
  assert.deepEqual([new Set([a, (b as { output: unknown }).output]), answer], [new Set(["A", "B"]), "yes"]);
});

test("a loser of a race is forgotten, and code goes on at once", async () => {
  const host = started();
  const run = host.begin(async () => {
    const winner = await Promise.race([
      tasks.triggerAndWait("slow").unwrap(),
      wait.for({ days: 1 }).then(() => "time"),
    ]);
    return winner;
  });
  await host.untilAwaits(run);
  host.resume(run, "time#1");
  assert.equal(await host.outputOf(run), "time");
});

test("children one after the other, started together", async () => {
  const host = started();
  const run = host.begin(async () => {
    const children = ["a", "b"].map((name) => tasks.triggerAndWait("child", name));
    const outputs: unknown[] = [];
    for (const child of children) outputs.push(await child.unwrap());
    return outputs;
  });
  const [first = ""] = await host.untilAwaits(run);
  assert.deepEqual(kindsOf(host), ["trigger", "trigger", "parked", "await"]);
  host.resume(run, [first, childIsDone("A")]);
  const [second = ""] = await host.untilAwaits(run, 2);
  assert.notEqual(second, first);
  host.resume(run, [second, childIsDone("B")]);
  assert.deepEqual(await host.outputOf(run), ["A", "B"]);
});

test("a child that can't be made is no wait", async () => {
  const host = started();
  host.answerOf = () => ({ error: { code: "unprocessable", message: "no such version" } });
  const run = host.begin(async () => {
    const [made, unmade] = await Promise.allSettled([wait.for({ seconds: 0.01 }), tasks.triggerAndWait("child")]);
    return [made.status, unmade.status === "rejected" && String(unmade.reason)];
  });
  const [made, unmade] = (await host.outputOf(run)) as string[];
  assert.deepEqual([made, unmade], ["fulfilled", "TriggerApiError: 422 no such version"]);
});

test("a child's failure fails its parent with what it was", async () => {
  const host = started();
  const run = host.begin(() => tasks.triggerAndWait("child").unwrap());
  const [key = ""] = await host.untilAwaits(run);
  const error = {
    type: "BUILT_IN_ERROR",
    name: "RangeError",
    message: "too far",
    stackTrace: "RangeError: too far",
  } as const;
  host.resume(run, [key, { kind: "run", run: { runId: "run_child", taskId: "child", ok: false, error } }]);
  const failure = await host.failureOf(run);
  assert.ok(failure.error.type === "BUILT_IN_ERROR");
  assert.equal(failure.error.name, SubtaskUnwrapError.name);
  assert.deepEqual(
    failure.error.causes?.map(({ name, message }) => [name, message]),
    [["RangeError", "too far"]],
  );
});

test("a trigger that is not awaited is made all the same", async () => {
  const host = started();
  const run = host.begin(async () => {
    void tasks.trigger("child", 1);
    void tasks.trigger("child", 1, { idempotencyKey: await idempotencyKeys.create("key") });
    return 5;
  });
  assert.equal(await host.outputOf(run), 5);
  assert.deepEqual(
    kindsOf(host).filter((kind) => kind === "trigger"),
    ["trigger", "trigger"],
  );
});

test("a cancelled wait throws what code can tell", async () => {
  const host = started();
  const run = host.begin(async () => {
    try {
      await wait.for({ days: 1 });
    } catch (error) {
      return error instanceof RunCancelledError;
    }
    return "went on";
  });
  await host.untilAwaits(run);
  host.executor.cancel(run);
  const result = await host.resultOf(run);
  assert.ok(result.kind === "failed" || result.output === '{"json":true}');
});
