import assert from "node:assert/strict";
import { test } from "node:test";
import { configure } from "../client/client-settings.ts";
import { TaskPayloadParsedError } from "../errors/task-error.ts";
import { SubtaskUnwrapError } from "../errors/wait-error.ts";
import { type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { schemaTask } from "../tasks/define-task.ts";
import { tasks } from "../trigger/tasks-api.ts";

const columns = { friendlyId: "run_1", taskIdentifier: "hello", createdAt: "2026-01-02T03:04:05.000" };

function liveAnswer(row: object): Reply {
  return { headers: { "electric-handle": "h", "electric-offset": "1_0" }, body: [{ value: { ...columns, ...row } }] };
}

async function serve(t: { after(body: () => unknown): void }, live: () => Reply | Promise<Reply>) {
  const server = await startProtocolServer(({ path }) =>
    path.startsWith("/realtime/") ? live() : { body: { id: "run_1" } },
  );
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
}

test("gives the output of the run, or its error", async (t) => {
  await serve(t, () =>
    liveAnswer({ status: "COMPLETED_SUCCESSFULLY", output: '{"json":[1]}', outputType: "application/super+json" }),
  );
  const result = await tasks.triggerAndSubscribe("hello", { name: "Ada" }, { tags: "a" });
  assert.deepEqual(result, { ok: true, id: "run_1", taskIdentifier: "hello", output: [1] });
  const error = { type: "BUILT_IN_ERROR", name: "RangeError", message: "no", stackTrace: "RangeError: no\n at a" };
  await serve(t, () => liveAnswer({ status: "COMPLETED_WITH_ERRORS", error }));
  const thrown = await tasks
    .triggerAndSubscribe("hello", 1)
    .unwrap()
    .catch((error: unknown) => error);
  assert.ok(thrown instanceof SubtaskUnwrapError && thrown.cause instanceof Error);
  assert.deepEqual(
    [thrown.cause.name, thrown.cause.message, thrown.cause.stack],
    ["RangeError", "no", error.stackTrace],
  );
  await serve(t, () => liveAnswer({ status: "CANCELED" }));
  const cancelled = await tasks.triggerAndSubscribe("hello", 1);
  assert.match(cancelled.ok ? "" : cancelled.error.message, /CANCELED/);
});

test("a signal ends it, and the run unless that is not wanted", async (t) => {
  for (const cancelOnAbort of [true, false]) {
    const ending = new AbortController();
    const server = await serve(t, () => {
      ending.abort(new Error("enough"));
      return new Promise<Reply>(() => undefined);
    });
    await assert.rejects(tasks.triggerAndSubscribe("hello", 1, { signal: ending.signal, cancelOnAbort }), /enough/);
    const isCancelled = server.requests.some(({ path }) => path === "/api/v2/runs/run_1/cancel");
    assert.equal(isCancelled, cancelOnAbort);
    assert.doesNotMatch(server.requests[0]?.body ?? "", /signal|cancelOnAbort/);
    const { length } = server.requests;
    await assert.rejects(tasks.triggerAndSubscribe("hello", 1, { signal: ending.signal }), /enough/);
    assert.equal(server.requests.length, length, "after the signal nothing is triggered");
  }
});

test("a payload that does not fit is refused before anything is sent", async (t) => {
  const server = await serve(t, () => "hang up");
  const strict = schemaTask({
    id: "strict",
    schema: (value: unknown) => {
      if (typeof value === "string") return value;
      throw new Error("no text");
    },
    run: () => 1,
  });
  await assert.rejects(strict.triggerAndSubscribe(1 as never), TaskPayloadParsedError);
  assert.equal(server.requests.length, 0);
});
