import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { RunResult } from "@pawl/contract/worker-protocol";
import type { HostUnderTest } from "./fixtures/host-under-test.ts";
import { withHost } from "./fixtures/host-under-test.ts";

// What a run process makes of a run, seen from the server. One host serves the tests of this file.

let parts: HostUnderTest;
let finish: () => void;
let finished: Promise<void>;

before(async () => {
  await new Promise<void>((ready) => {
    finished = withHost({ maxProcesses: 4 }, (hostUnderTest) => {
      parts = hostUnderTest;
      return new Promise<void>((resolve) => {
        finish = resolve;
        ready();
      });
    });
  });
});

after(async () => {
  finish();
  await finished;
});

async function resultOf(taskId: string, payload?: unknown): Promise<RunResult> {
  const [run] = parts.server.push({ taskId, ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }) });
  assert.ok(run);
  return parts.server.resultOf(run);
}

async function errorOf(taskId: string, payload?: unknown) {
  const result = await resultOf(taskId, payload);
  if (result.kind !== "failed") return assert.fail(`${taskId} completed with ${result.output}`);
  return result.error;
}

async function codeOf(taskId: string, payload?: unknown): Promise<string> {
  const error = await errorOf(taskId, payload);
  return error.type === "INTERNAL_ERROR" ? error.code : error.type;
}

test("a run gets its payload and context, and its output comes back", async () => {
  const result = await resultOf("double", { n: 21 });
  assert.equal(result.kind, "completed");
  if (result.kind !== "completed") return;
  assert.equal(result.outputType, "application/super+json");
  const { json } = JSON.parse(result.output ?? "");
  assert.equal(json.n, 42);
  assert.equal(json.at, "1970-01-01T00:00:00.000Z");
  assert.notEqual(json.pid, process.pid);
  assert.equal(json.ctx.run.id, result.runId);
  assert.equal(json.ctx.run.version, "20260101.1");
  assert.equal(json.ctx.attempt.number, 1);
  assert.equal(json.ctx.environment.type, "DEVELOPMENT");
  assert.equal(json.ctx.queue.name, "task/double");
});

test("a run without an output completes without text", async () => {
  const result = await resultOf("noop");
  assert.equal(result.kind, "completed");
  assert.equal(result.kind === "completed" ? result.output : "", undefined);
});

test("user code does not see the token of its process", async () => {
  const result = await resultOf("token");
  assert.equal(result.kind === "completed" ? result.output : "", '{"json":[]}');
});

test("a payload that the schema refuses fails with the issues and is not retried", async () => {
  const result = await resultOf("strict", { name: 7 });
  assert.equal(result.kind, "failed");
  if (result.kind !== "failed" || result.error.type !== "BUILT_IN_ERROR") return assert.fail(JSON.stringify(result));
  assert.equal(result.error.name, "TaskPayloadParsedError");
  assert.match(result.error.message, /name must be a string/);
  assert.deepEqual(result.retry, { never: true });
});

test("errors keep what was thrown", async () => {
  const error = await errorOf("throw", { what: "error" });
  if (error.type !== "BUILT_IN_ERROR") return assert.fail(error.type);
  assert.equal(error.name, "TypeError");
  assert.match(error.stackTrace, /tasks\.mjs/);
  assert.deepEqual(
    error.causes?.map(({ message }) => message),
    ["inner", "deep"],
  );
  assert.deepEqual(await errorOf("throw", { what: "string" }), { type: "STRING_ERROR", raw: "just text" });
  const circular = await errorOf("throw", { what: "object" });
  assert.deepEqual(circular, { type: "CUSTOM_ERROR", raw: '{"code":7,"self":"[Circular]"}' });
});

test("whatever is thrown ends its run, also what throws when it is looked at", async () => {
  for (const what of ["null", "undefined"]) {
    assert.deepEqual(await errorOf("throw", { what }), { type: "CUSTOM_ERROR", raw: what });
  }
  const aggregate = await errorOf("throw", { what: "aggregate" });
  if (aggregate.type !== "BUILT_IN_ERROR") return assert.fail(aggregate.type);
  assert.deepEqual(
    aggregate.causes?.map(({ message }) => message),
    ["one", "two"],
  );
  for (const what of ["proxy", "getter"]) {
    const error = await errorOf("throw", { what });
    assert.match(JSON.stringify(error), /hands off|throws when it is read/, what);
    assert.equal(error.type, "CUSTOM_ERROR", "and is no escaped error");
  }
});

test("an output with something open, lost or too large fails with its path and what to do", async () => {
  const messages = {
    server: /has at nested\[0\]\.held an open handle \(Server\)\. It stays in the process/,
    emitter: /held an open handle \(EventEmitter\)/,
    stream: /held an open stream \(ReadableStream\)/,
    timer: /held a timer\. .* close it/,
    promise: /held a promise that was not awaited\. Await it/,
    function: /held a function\. JSON can't carry it/,
    proxy: /What the output has at nested\[0\]\.held can't be written as JSON: .*hands off/,
    large: /The output has 10\.0 MB; a run can return 10 MB at most\. Store it elsewhere/,
  };
  for (const [what, message] of Object.entries(messages)) {
    const error = await errorOf("return-open", { what });
    if (error.type !== "INTERNAL_ERROR") return assert.fail(JSON.stringify(error));
    assert.equal(error.code, "TASK_OUTPUT_ERROR", what);
    assert.match(error.message ?? "", message);
  }
});

test("AbortTaskRunError asks for no other attempt", async () => {
  const result = await resultOf("throw", { what: "abort" });
  assert.deepEqual(result.kind === "failed" ? result.retry : null, { never: true });
});

test("unknown task, unreadable payload, unwritable output", async () => {
  assert.equal(await codeOf("no-such-task"), "COULD_NOT_FIND_TASK");
  assert.equal(await codeOf("bad-output"), "TASK_OUTPUT_ERROR");
  const [run] = parts.server.push({ taskId: "noop", payload: "{broken" });
  assert.ok(run);
  const result = await parts.server.resultOf(run);
  assert.equal(
    result.kind === "failed" && result.error.type === "INTERNAL_ERROR" ? result.error.code : "",
    "TASK_INPUT_ERROR",
  );
});

test("an error that escapes the run's promise ends that run", async () => {
  const error = await errorOf("uncaught");
  if (error.type !== "INTERNAL_ERROR") return assert.fail(error.type);
  assert.equal(error.code, "TASK_RUN_UNCAUGHT_EXCEPTION");
  assert.match(error.message ?? "", /from a callback/);
  assert.match(error.stackTrace ?? "", /tasks\.mjs/);
  assert.equal(await codeOf("unhandled"), "TASK_RUN_UNCAUGHT_EXCEPTION");
});

test("an error after the end of its run ends no other run, and the process is used up", async () => {
  await resultOf("late-error");
  const beside = await resultOf("sleep", { ms: 100 });
  assert.equal(beside.kind, "completed");
});

for (const [how, code] of [
  [0, "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE"],
  [3, "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE"],
  ["SIGSEGV", "TASK_PROCESS_SIGSEGV"],
  ["SIGKILL", "TASK_PROCESS_SIGKILL_TIMEOUT"],
  ["SIGTERM", "TASK_PROCESS_SIGTERM"],
] as const) {
  test(`a process that ends with ${how} ends its run only`, async () => {
    const [beside] = parts.server.push({ taskId: "sleep", payload: '{"ms":300}' });
    assert.ok(beside);
    assert.equal(await codeOf("die", { how }), code);
    assert.equal((await parts.server.resultOf(beside)).kind, "completed");
  });
}

test("logs of console and logger arrive apart from control, in order", async () => {
  const { runId } = await resultOf("logs");
  const ofRun = () => parts.server.telemetry.filter((record) => record.runId === runId);
  await parts.server.until(() => ofRun().length === 3);
  assert.deepEqual(
    ofRun().map(({ kind, level, message, attributes }) => ({ kind, level, message, attributes })),
    [
      { kind: "log", level: "info", message: "plain 1", attributes: undefined },
      { kind: "log", level: "warn", message: "{ odd: true }", attributes: undefined },
      { kind: "log", level: "info", message: "with attributes", attributes: '{"n":1}' },
    ],
  );
});

test("lines written to stdout and stderr are logs too, each once; the last one need not end", async () => {
  const { runId } = await resultOf("writes");
  const ofRun = () => parts.server.telemetry.filter((record) => record.runId === runId);
  await parts.server.until(() => ofRun().some(({ message }) => message === "three"));
  assert.deepEqual(
    ofRun().map(({ level, message }) => [level, message.includes("│") ? "table" : message]),
    [
      ["info", "one"],
      ["info", "between"],
      ["info", "two"],
      ["error", "bad"],
      ["info", "table"],
      ["info", "{ b: 2 }"],
      ["info", "three"],
    ],
  );
});
