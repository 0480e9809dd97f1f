import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { createPublicTokenBodySchema } from "@pawl/contract/api/public-tokens";
import { clientSettings, configure } from "../client/client-settings.ts";
import { ApiClientMissingError, ApiSchemaValidationError, BadRequestError } from "../errors/api-error.ts";
import { fakeRun } from "../fixtures/fake-run.ts";
import { startProtocolServer } from "../fixtures/protocol-server.ts";
import { runs } from "../runs/runs-api.ts";
import { runtime } from "../runtime.ts";
import { tasks } from "../trigger/tasks-api.ts";
import { auth } from "./auth-api.ts";

afterEach(() => {
  runtime().context = null;
});

async function serve(t: { after(body: () => unknown): void }, body: unknown = { token: "eyJ.a.b", id: "run_1" }) {
  const server = await startProtocolServer(() => ({ body }));
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
}

test("makes public tokens through the server, with what they allow", async (t) => {
  const server = await serve(t);
  const time = new Date("2030-01-02T03:04:05.678Z");
  const all = [
    () => auth.createPublicToken({ scopes: { read: { runs: ["run_1", "run_2"], tags: "a:b" } } }),
    () =>
      auth.createPublicToken({ scopes: { read: { batch: true }, write: { waitpoints: "w" } }, expirationTime: time }),
    () =>
      auth.createPublicToken({
        scopes: { trigger: { tasks: "hello" }, batchTrigger: { tasks: true } },
        realtime: { skipColumns: ["payload"] },
        expirationTime: 1_900_000_000,
      }),
    () => auth.createTriggerPublicToken("hello", { expirationTime: "24hr" }),
    () => auth.createTriggerPublicToken([{ id: "a" }, "b"], { multipleUse: true, expirationTime: "2 days" }),
    () => auth.createBatchTriggerPublicToken(["a"], { expirationTime: "1h30m" }),
  ];
  for (const create of all) assert.equal(await create(), "eyJ.a.b");
  const bodies = server.requests.map(({ method, path, body, headers }) => {
    assert.equal(`${method} ${path} ${headers.authorization}`, "POST /api/v1/auth/public-tokens Bearer tr_dev_key");
    assert.ok(createPublicTokenBodySchema.safeParse(JSON.parse(body)).success, body);
    return JSON.parse(body) as unknown;
  });
  assert.deepEqual(bodies, [
    { scopes: ["read:runs:run_1", "read:runs:run_2", "read:tags:a:b"] },
    { scopes: ["read:batch", "write:waitpoints:w"], expirationTime: 1_893_553_445 },
    {
      scopes: ["trigger:tasks:hello", "batchTrigger:tasks"],
      realtime: { skipColumns: ["payload"] },
      expirationTime: 1_900_000_000,
    },
    { scopes: ["trigger:tasks:hello"], oneTimeUse: true, expirationTime: "24hr" },
    { scopes: ["trigger:tasks:a", "trigger:tasks:b"], oneTimeUse: false, expirationTime: "172800s" },
    { scopes: ["batchTrigger:tasks:a"], oneTimeUse: true, expirationTime: "1h30m" },
  ]);
});

test("a token that allows nothing, or at no time, is refused before it is asked for", async (t) => {
  const server = await serve(t);
  const scopes = { read: { runs: true } } as const;
  await assert.rejects(auth.createPublicToken({ scopes: {} }), BadRequestError);
  await assert.rejects(auth.createPublicToken({ scopes: { read: { runs: [] } } }), /A public token needs scopes/);
  await assert.rejects(auth.createPublicToken({ scopes, expirationTime: "soon" }), /The expirationTime must be/);
  await assert.rejects(auth.createPublicToken({ scopes, expirationTime: new Date(Number.NaN) }), BadRequestError);
  await assert.rejects(auth.createTriggerPublicToken([]), /Name the tasks/);
  assert.equal(server.requests.length, 0);
});

test("an answer without a token is none of Pawl's", async (t) => {
  await serve(t, {});
  await assert.rejects(auth.createTriggerPublicToken("hello"), ApiSchemaValidationError);
});

test("withAuth holds for its code alone, through what it awaits", async (t) => {
  const server = await serve(t);
  const other = await startProtocolServer(() => ({ body: { id: "run_2", status: "QUEUED" } }));
  t.after(() => other.close());
  const keyNow = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return clientSettings().key;
  };
  const keys = await Promise.all([
    auth.withAuth({ accessToken: "tr_a" }, keyNow),
    keyNow(),
    auth.withAuth({ secretKey: "tr_b", baseURL: other.url }, () =>
      auth.withAuth({ requestOptions: { retry: { maxAttempts: 1 } } }, async () => {
        assert.equal((await runs.retrieve("run_2")).id, "run_2");
        return keyNow();
      }),
    ),
  ]);
  assert.deepEqual(keys, ["tr_a", "tr_dev_key", "tr_b"]);
  assert.equal(other.requests[0]?.headers.authorization, "Bearer tr_b");
  assert.equal(server.requests.length, 0);
  await assert.rejects(
    auth.withAuth({ accessToken: "tr_a" }, () => Promise.reject(new Error("mine"))),
    /mine/,
  );
  assert.equal(clientSettings().key, "tr_dev_key");
});

test("a key that is undefined by accident does not let the secret key through", async (t) => {
  await serve(t);
  const configuration = { accessToken: undefined } as unknown as { accessToken: string }; // as from code without types
  await assert.rejects(
    auth.withAuth(configuration, () => assert.fail()),
    ApiClientMissingError,
  );
});

test("withPublicToken and its kin make a token and use it", async (t) => {
  const server = await serve(t);
  const keyOf = () => clientSettings().key;
  assert.equal(await auth.withPublicToken({ scopes: { read: { runs: true } } }, keyOf), "eyJ.a.b");
  assert.equal(await auth.withTriggerPublicToken("hello", {}, keyOf), "eyJ.a.b");
  assert.equal(await auth.withBatchTriggerPublicToken("hello", { multipleUse: true }, keyOf), "eyJ.a.b");
  assert.deepEqual(
    server.requests.map(({ body }) => (JSON.parse(body) as { scopes: unknown[] }).scopes[0]),
    ["read:runs", "trigger:tasks:hello", "batchTrigger:tasks:hello"],
  );
});

test("what code of a run triggers with another key is no child of its run", async (t) => {
  const server = await serve(t);
  const { execute, calls } = fakeRun({ answer: () => ({ runId: "run_child", isCached: false }) });
  await execute(async () => {
    const handle = await auth.withAuth({ accessToken: "tr_other" }, () => tasks.trigger("hello", 1));
    assert.equal(handle.id, "run_1");
    assert.equal((await tasks.trigger("hello", 1)).id, "run_child");
  });
  assert.equal(calls.length, 1);
  const [request] = server.requests;
  assert.equal(request?.headers.authorization, "Bearer tr_other");
  assert.doesNotMatch(request?.body ?? "", /parentRunId/);
});
