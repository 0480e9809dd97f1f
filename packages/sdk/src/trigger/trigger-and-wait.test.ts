import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { inlinePacketLength, writePacket } from "@pawl/contract/packet";
import { type ChildResult, type RunCall, runCallSchema, type WaitResult } from "@pawl/contract/worker-protocol";
import { z } from "zod";
import { configure } from "../client/client-settings.ts";
import { UnprocessableEntityError } from "../errors/api-error.ts";
import { BatchTriggerError } from "../errors/batch-error.ts";
import { CallError } from "../errors/call-error.ts";
import { PayloadError, RunContextError, TaskPayloadParsedError } from "../errors/task-error.ts";
import { SubtaskUnwrapError } from "../errors/wait-error.ts";
import { fakeRun } from "../fixtures/fake-run.ts";
import { startProtocolServer } from "../fixtures/protocol-server.ts";
import { runtime } from "../runtime.ts";
import { schemaTask, task } from "../tasks/define-task.ts";
import { wait } from "../wait/wait-api.ts";
import { batch } from "./batch-api.ts";
import { tasks } from "./tasks-api.ts";

const hello = task({ id: "hello", run: async (name: string) => ({ greeting: `Hello, ${name}` }) });
const double = schemaTask({ id: "double", schema: z.object({ n: z.number() }), run: ({ n }) => n * 2 });

function completed(taskId: string, value: unknown, runId = "run_9"): ChildResult {
  const { text, type } = writePacket(value);
  return { taskId, runId, ok: true, outputType: type, ...(text === undefined ? {} : { output: text }) };
}

const failure = {
  type: "BUILT_IN_ERROR",
  name: "RangeError",
  message: "too far",
  stackTrace: "RangeError: too far",
} as const;
const runResult = (run: ChildResult): WaitResult => ({ kind: "run", run });
const madeRun = () => ({ runId: "run_9", isCached: false });

afterEach(() => {
  runtime().context = null;
});

test("triggers at the call, in the same turn as its wait begins, and gives the output", async () => {
  const at = new Date(0);
  const { execute, calls, awaits, story } = fakeRun({
    answer: madeRun,
    result: () => runResult(completed("hello", { at })),
  });
  const result = await execute(async () => hello.triggerAndWait("Ada", { tags: "x" }));
  assert.deepEqual(result, { ok: true, id: "run_9", taskIdentifier: "hello", output: { at } });
  const [call] = calls;
  assert.ok(call?.kind === "trigger" && runCallSchema.safeParse(call).success);
  assert.match(call.wait ?? "", /^run:[0-9a-f]{16}#1$/);
  assert.deepEqual([call.payload, call.options], ["Ada", { payloadType: "text/plain", tags: "x" }]);
  assert.deepEqual(awaits, [{ wait: call.wait, about: { type: "task", runId: "run_9" } }]);
  assert.deepEqual(story, ["call trigger", `await ${call.wait}`]);
});

test("does not wait before somebody asks for the result", async () => {
  const { execute, story } = fakeRun({ answer: madeRun, result: () => runResult(completed("hello", 1)) });
  await execute(async () => {
    const child = hello.triggerAndWait("Ada");
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(story, ["call trigger"]);
    assert.equal((await child).ok, true);
    assert.equal((await child).ok, true);
    assert.equal(story.length, 2);
  });
});

test("equal triggers have keys that count up, others keys of their own, the same in every attempt", async () => {
  const keysOf = async (names: readonly string[]) => {
    const { execute, calls } = fakeRun({ answer: madeRun, result: () => runResult(completed("hello", 1)) });
    await execute(() => Promise.all(names.map((name) => hello.triggerAndWait(name))));
    return calls.map((call) => (call as Extract<RunCall, { kind: "trigger" }>).wait);
  };
  const [ada1, ada2, grace] = await keysOf(["Ada", "Ada", "Grace"]);
  assert.deepEqual([ada1?.slice(-2), ada2, grace?.slice(-2)], ["#1", ada1?.replace("#1", "#2"), "#1"]);
  assert.deepEqual(await keysOf(["Grace", "Ada"]), [grace, ada1]);
});

test("every combinator works over any mix", async () => {
  const { execute } = fakeRun({
    answer: (request) => (request.kind === "trigger" ? madeRun() : { waitpointId: "waitpoint_1" }),
    result: (key) => (key.startsWith("run:") ? runResult(completed("hello", key.slice(-1))) : new Promise(() => {})), // the time never comes
  });
  await execute(async () => {
    const all = await Promise.all([hello.triggerAndWait("a"), hello.triggerAndWait("a").unwrap()]);
    assert.deepEqual([all[0].ok, all[1]], [true, "2"]);
    const settled = await Promise.allSettled([hello.triggerAndWait("a"), 5]);
    assert.equal(settled[0].status, "fulfilled");
    const first = await Promise.race([wait.for({ days: 1 }), hello.triggerAndWait("a")]);
    assert.equal(first?.ok, true);
    const any = await Promise.any([hello.triggerAndWait("a").then((result) => result.ok)]);
    assert.equal(any, true);
    assert.equal(
      await hello
        .triggerAndWait("a")
        .finally(() => {})
        .then(() => 7),
      7,
    );
  });
});

test("a run that failed is a result with a real error, and unwrap throws it", async () => {
  const child: ChildResult = { taskId: "hello", runId: "run_9", ok: false, error: failure };
  const { execute } = fakeRun({ answer: madeRun, result: () => runResult(child) });
  await execute(async () => {
    const result = await hello.triggerAndWait("Ada");
    assert.ok(!result.ok && result.error instanceof Error);
    assert.deepEqual(
      [result.id, result.error.name, result.error.stack],
      ["run_9", "RangeError", "RangeError: too far"],
    );
    const error = await hello
      .triggerAndWait("Ada")
      .unwrap()
      .catch((error: unknown) => error);
    assert.ok(error instanceof SubtaskUnwrapError && error.cause instanceof Error);
    assert.deepEqual([error.taskId, error.runId, error.cause.message], ["hello", "run_9", "too far"]);
    assert.match(error.message, /The run run_9 of task hello did not complete: too far/);
  });
});

test("what goes wrong at the call is thrown where it is awaited, and is no unhandled rejection before", async () => {
  const { execute, calls } = fakeRun({
    answer: () => {
      throw new CallError({ code: "unprocessable", message: "no", field: "options.region" });
    },
  });
  await execute(async () => {
    const refused = hello.triggerAndWait("Ada");
    const unsendable = tasks.triggerAndWait("hello", () => 1);
    // @ts-expect-error n is a number
    const unfit = double.triggerAndWait({ n: "1" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await assert.rejects(async () => refused, UnprocessableEntityError);
    await assert.rejects(async () => unsendable, PayloadError);
    await assert.rejects(async () => unfit, TaskPayloadParsedError);
  });
  assert.equal(calls.length, 1);
});

test("outside of a run nothing can be waited for", async () => {
  await assert.rejects(async () => hello.triggerAndWait("Ada"), {
    name: "RunContextError",
    message: /hello and waiting for it waits inside of a run.*runs\.poll/,
  });
  await assert.rejects(batch.triggerAndWait([{ id: "hello" }]), RunContextError);
  await assert.rejects(wait.for({ seconds: 5 }), RunContextError);
});

test("a long payload goes over HTTP under the key of its wait, which is then joined", async (t) => {
  const server = await startProtocolServer(() => ({ body: { id: "run_9", isCached: false } }));
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  const { execute, calls, awaits } = fakeRun({
    answer: () => ({ waitpointId: "waitpoint_9" }),
    result: () => runResult(completed("hello", 1)),
  });
  await execute(() => hello.triggerAndWait("x".repeat(inlinePacketLength + 1)).unwrap());
  const { options } = JSON.parse(server.requests[0]?.body ?? "");
  const key = options.parentWait;
  assert.match(key, /^run:[0-9a-f]{16}#1$/);
  assert.deepEqual(options, {
    payloadType: "text/plain",
    parentRunId: "run_parent",
    parentFence: 7,
    resumeParentOnCompletion: true,
    parentWait: key,
  });
  assert.deepEqual(calls, [{ kind: "join", wait: key, waitpointId: "waitpoint_9" }]);
  assert.deepEqual(awaits, [{ wait: key, about: { type: "task", runId: "run_9" } }]);
});

async function batchRun(t: { after(body: () => unknown): void }, result: WaitResult) {
  const server = await startProtocolServer(() => ({
    body: { id: "batch_1", itemsAccepted: 2, itemsDeduplicated: 0, sealed: true },
  }));
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  const answer = (request: RunCall) => {
    assert.ok(request.kind === "batch");
    return { batchId: "batch_1", runCount: request.runCount, isCached: false };
  };
  return { server, ...fakeRun({ answer, result: () => result }) };
}

test("a batch that is waited for gives its results in the order of its items", async (t) => {
  const unmade = { type: "INTERNAL_ERROR", code: "BATCH_ITEM_COULD_NOT_TRIGGER", message: "no" } as const;
  const runs: ChildResult[] = [
    completed("double", 2, "run_1"),
    { taskId: "hello", runId: "run_2", ok: false, error: failure },
    { taskId: "hello", ok: false, error: unmade },
  ];
  const { execute, calls, awaits, server } = await batchRun(t, {
    kind: "batch",
    batchId: "batch_1",
    isAborted: false,
    runs,
  });
  const result = await execute(() =>
    batch.triggerByTaskAndWait([
      { task: double, payload: { n: 1 } },
      { task: hello, payload: "Ada", options: { queue: "q" } },
      { task: hello, payload: "Grace" },
    ]),
  );
  assert.equal(result.id, "batch_1");
  const [first, second, third] = result.runs;
  assert.deepEqual(first, { ok: true, id: "run_1", taskIdentifier: "double", output: 2 });
  assert.ok(!second.ok && second.error.name === "RangeError");
  assert.ok(!third.ok && third.id === "" && third.error.name === "BATCH_ITEM_COULD_NOT_TRIGGER");
  assert.deepEqual(calls, [{ kind: "batch", runCount: 3, wait: "batch#1" }]);
  assert.deepEqual(awaits, [{ wait: "batch#1", about: { type: "batch", batchId: "batch_1", runCount: 3 } }]);
  assert.equal(server.requests.length, 1);
});

test("the key of a batch does not depend on how long its items take", async (t) => {
  const result: WaitResult = { kind: "batch", batchId: "batch_1", isAborted: false, runs: [completed("hello", 1)] };
  const { execute, calls } = await batchRun(t, result);
  async function* slow() {
    await new Promise((resolve) => setTimeout(resolve, 20));
    yield { payload: "Ada" };
  }
  await execute(() =>
    Promise.all([
      hello.batchTriggerAndWait(slow()),
      tasks.batchTriggerAndWait("hello", [{ payload: 1 }, { payload: 2 }]),
    ]),
  );
  assert.deepEqual(
    calls.map((call) => call.kind === "batch" && [call.runCount, call.wait]),
    [
      [2, "batch#2"],
      [1, "batch#1"],
    ],
  );
});

test("an aborted batch is an error", async (t) => {
  const { execute } = await batchRun(t, { kind: "batch", batchId: "batch_1", isAborted: true, runs: [] });
  const error = await execute(() => hello.batchTriggerAndWait([{ payload: "Ada" }])).catch((error: unknown) => error);
  assert.ok(error instanceof BatchTriggerError);
  assert.match(error.message, /batch_1.*aborted/);
});
