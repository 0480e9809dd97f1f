import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, test } from "node:test";
import { configure } from "../client/client-settings.ts";
import { NotFoundError } from "../errors/api-error.ts";
import { RunContextError } from "../errors/task-error.ts";
import { fakeRun } from "../fixtures/fake-run.ts";
import { type ProtocolServer, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { runtime } from "../runtime.ts";
import { tasks } from "../trigger/tasks-api.ts";
import { idempotencyKeys } from "./idempotency-keys-api.ts";

async function serve(t: { after(body: () => unknown): void }, reply: Reply): Promise<ProtocolServer> {
  const server = await startProtocolServer(() => reply);
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex");

afterEach(() => {
  runtime().context = null;
});

test("hashes a key with its scope, as the protocol says", async () => {
  assert.equal(await idempotencyKeys.create("abc"), hash("abc"));
  assert.equal(await idempotencyKeys.create(["a", "b"], { scope: "attempt" }), hash("a-b"));
  const { execute } = fakeRun({}, { runId: "run_1", attempt: 3 });
  await execute(async () => {
    assert.equal(await idempotencyKeys.create("abc"), hash("abc-run_1"));
    assert.equal(await idempotencyKeys.create(["a", "b"], { scope: "run" }), hash("a-b-run_1"));
    assert.equal(await idempotencyKeys.create("abc", { scope: "attempt" }), hash("abc-run_1-3"));
    assert.equal(await idempotencyKeys.create("abc", { scope: "global" }), hash("abc"));
  });
  await assert.rejects(idempotencyKeys.create("abc"), RunContextError);
  assert.equal(await idempotencyKeys.create("abc", { scope: "global" }), hash("abc"));
  await assert.rejects(idempotencyKeys.create("", { scope: "global" }), TypeError);
});

test("a trigger tells the key as it was written, and its scope", async (t) => {
  const server = await serve(t, { body: { id: "run_1" } });
  await tasks.trigger("t", 1, { idempotencyKey: await idempotencyKeys.create(["mail", "1"]) });
  await tasks.trigger("t", 1, { idempotencyKey: "plain" });
  const sent = server.requests.map((request) => JSON.parse(request.body).options);
  assert.deepEqual(
    sent.map(({ idempotencyKey, idempotencyKeyOptions }) => [idempotencyKey, idempotencyKeyOptions]),
    [
      [hash("mail-1"), { key: "mail-1", scope: "run" }],
      [hash("plain"), { key: "plain", scope: "global" }],
    ],
  );
});

test("resets a key of every scope", async (t) => {
  const server = await serve(t, { body: { id: "x" } });
  const key = await idempotencyKeys.create("made");
  assert.deepEqual(await idempotencyKeys.reset("my task", key), { id: hash("made") });
  await idempotencyKeys.reset("t", "abc");
  await idempotencyKeys.reset("t", "abc", { parentRunId: "run_1" });
  await idempotencyKeys.reset("t", "abc", { parentRunId: "run_1", attemptNumber: 2 });
  await idempotencyKeys.reset("t", ["a", "b"], { scope: "global" });
  const { execute } = fakeRun({}, { runId: "run_5", attempt: 4 });
  await execute(async () => {
    await idempotencyKeys.reset("t", "abc", { scope: "run" });
    await idempotencyKeys.reset("t", "abc", { scope: "attempt" });
  });
  const expected = ["made", "abc", "abc-run_1", "abc-run_1-2", "a-b", "abc-run_5", "abc-run_5-4"];
  assert.deepEqual(
    server.requests.map(({ path }) => path),
    expected.map((text) => `/api/v1/idempotencyKeys/${hash(text)}/reset`),
  );
  assert.deepEqual(JSON.parse(server.requests[0]?.body ?? ""), { taskIdentifier: "my task" });
});

test("says what a reset lacks, and when there is no such key", async (t) => {
  await serve(t, { status: 404, body: { error: "No run of task t has the key" } });
  await assert.rejects(idempotencyKeys.reset("t", "abc", { scope: "run" }), /name its parentRunId/);
  await assert.rejects(
    idempotencyKeys.reset("t", "abc", { scope: "attempt", parentRunId: "run_1" }),
    /name its attemptNumber/,
  );
  await assert.rejects(idempotencyKeys.reset("t", "abc"), NotFoundError);
});
