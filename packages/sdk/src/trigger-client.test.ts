import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { configure } from "./client/client-settings.ts";
import { ApiClientMissingError, NotFoundError } from "./errors/api-error.ts";
import { fakeRun } from "./fixtures/fake-run.ts";
import { startProtocolServer } from "./fixtures/protocol-server.ts";
import { runtime } from "./runtime.ts";
import { TriggerClient } from "./trigger-client.ts";

const names = ["TRIGGER_SECRET_KEY", "TRIGGER_ACCESS_TOKEN", "TRIGGER_API_URL"];

beforeEach(() => {
  for (const name of names) delete process.env[name];
});
afterEach(() => {
  runtime().context = null;
});

async function serve(t: { after(body: () => unknown): void }, body: unknown = { id: "run_1", status: "QUEUED" }) {
  const server = await startProtocolServer(() => ({ body }));
  t.after(() => server.close());
  return server;
}

test("clients go each to their own target at the same time, beside what is configured", async (t) => {
  const [one, two, configured] = [await serve(t), await serve(t), await serve(t)];
  configure({ secretKey: "tr_configured", baseURL: configured.url });
  const first = new TriggerClient({ accessToken: "tr_one", baseURL: one.url });
  const second = new TriggerClient({ secretKey: "tr_two", baseURL: two.url, previewBranch: "feature" });
  const [handle] = await Promise.all([
    first.tasks.trigger("hello", { name: "Ada" }),
    second.tasks.trigger("hello", { name: "Grace" }, { delay: "1h" }),
    first.runs.retrieve("run_1"),
    second.runs.cancel("run_1"),
  ]);
  assert.equal(handle.id, "run_1");
  assert.equal(configured.requests.length, 0);
  const seen = (server: typeof one) => server.requests.map(({ path, headers }) => `${path} ${headers.authorization}`);
  assert.deepEqual(seen(one).sort(), ["/api/v1/tasks/hello/trigger Bearer tr_one", "/api/v3/runs/run_1 Bearer tr_one"]);
  assert.deepEqual(seen(two).sort(), [
    "/api/v1/tasks/hello/trigger Bearer tr_two",
    "/api/v2/runs/run_1/cancel Bearer tr_two",
  ]);
  assert.ok(two.requests.every(({ headers }) => headers["x-trigger-branch"] === "feature"));
});

test("every call of a client goes to its target", async (t) => {
  const server = await serve(t, {
    id: "x",
    status: "COMPLETED",
    name: "A",
    version: "1",
    task: "t",
    token: "eyJ",
    url: "u",
    runs: [],
    timezones: [],
    success: true,
    sealed: true,
    data: [],
    pagination: {},
  });
  const client = new TriggerClient({ accessToken: "tr_one", baseURL: server.url });
  const { tasks, runs, batch, queues, schedules, envvars, deployments, wait, idempotencyKeys, auth } = client;
  const schedule = { task: "t", cron: "* * * * *", deduplicationKey: "d" };
  const all: readonly (() => unknown)[] = [
    () => tasks.trigger("t"),
    () => tasks.batchTrigger("t", [{ payload: 1 }]),
    () => batch.trigger([{ id: "t", payload: 1 }]),
    () => batch.retrieve("x"),
    () => runs.retrieve("x"),
    () => runs.list(),
    () => runs.cancel("x"),
    () => runs.replay("x"),
    () => runs.reschedule("x", { delay: "1h" }),
    () => runs.bulk.cancel({ all: true }),
    () => runs.bulk.replay({ all: true }),
    () => runs.bulk.retrieve("x"),
    () => runs.bulk.poll("x"),
    () => runs.bulk.list(),
    () => runs.bulk.abort("x"),
    () => queues.list(),
    () => queues.retrieve("x"),
    () => queues.pause("x"),
    () => queues.resume("x"),
    () => queues.overrideConcurrencyLimit("x", 1),
    () => queues.resetConcurrencyLimit("x"),
    () => queues.overrideRateLimit("x", { limit: 1, period: "1m" }),
    () => queues.resetRateLimit("x"),
    () => schedules.create(schedule),
    () => schedules.retrieve("x"),
    () => schedules.update("x", schedule),
    () => schedules.list(),
    () => schedules.activate("x"),
    () => schedules.deactivate("x"),
    () => schedules.del("x"),
    () => schedules.timezones(),
    () => envvars.create("proj_1", "dev", { name: "A", value: "1" }),
    () => envvars.retrieve("proj_1", "dev", "A"),
    () => envvars.update("proj_1", "dev", "A", { value: "1" }),
    () => envvars.del("proj_1", "dev", "A"),
    () => envvars.upload("proj_1", "dev", { variables: {} }),
    () => wait.createToken(),
    () => wait.completeToken("x", 1),
    () => wait.retrieveToken("x"),
    () => wait.listTokens(),
    () => idempotencyKeys.reset("t", "key"),
    () => deployments.list(),
    () => deployments.retrieveCurrent(),
    () => auth.createPublicToken({ scopes: { read: { runs: true } } }),
    () => auth.createTriggerPublicToken("t"),
    () => auth.createBatchTriggerPublicToken("t"),
  ];
  configure({ secretKey: "tr_wrong", baseURL: "http://127.0.0.1:9" });
  for (const call of all) {
    const before = server.requests.length;
    await call();
    assert.ok(server.requests.length > before, String(call));
  }
  assert.ok(server.requests.every(({ headers }) => headers.authorization === "Bearer tr_one"));
});

test("a client follows runs at its target", async (t) => {
  const server = await startProtocolServer(() => ({ status: 404, body: { error: "no run" } }));
  t.after(() => server.close());
  configure({});
  const client = new TriggerClient({ accessToken: "tr_one", baseURL: server.url });
  const follow = async () => {
    for await (const _ of client.runs.subscribeToRun("run_1")) assert.fail();
  };
  await assert.rejects(follow, NotFoundError);
  assert.equal(server.requests[0]?.headers.authorization, "Bearer tr_one");
});

test("what a client leaves out comes from the environment, and from configure only with inheritContext", async (t) => {
  const [environment, configured] = [await serve(t), await serve(t)];
  configure({ secretKey: "tr_configured", baseURL: configured.url });
  await new TriggerClient({ inheritContext: true }).runs.retrieve("run_1");
  await new TriggerClient({ inheritContext: true, accessToken: "tr_own" }).runs.retrieve("run_1");
  assert.deepEqual(
    configured.requests.map(({ headers }) => headers.authorization),
    ["Bearer tr_configured", "Bearer tr_own"],
  );
  process.env.TRIGGER_SECRET_KEY = "tr_env";
  process.env.TRIGGER_API_URL = environment.url;
  await new TriggerClient().runs.retrieve("run_1");
  assert.equal(environment.requests[0]?.headers.authorization, "Bearer tr_env");
});

test("a client without a key says so at its first call", async () => {
  configure({ secretKey: "tr_configured", baseURL: "http://127.0.0.1:9" });
  const client = new TriggerClient({ accessToken: process.env.NOT_SET as unknown as string }); // as from code without types
  process.env.TRIGGER_SECRET_KEY = "tr_env";
  await assert.rejects(client.runs.retrieve("run_1"), ApiClientMissingError);
});

test("runs that a client triggers in a run are its children only with inheritContext", async (t) => {
  const server = await serve(t);
  configure({ secretKey: "tr_configured", baseURL: server.url });
  const { execute, calls } = fakeRun({ answer: () => ({ runId: "run_child", isCached: false }) });
  await execute(async () => {
    await new TriggerClient({ accessToken: "tr_a", baseURL: server.url }).tasks.trigger("hello", 1);
    await new TriggerClient({ inheritContext: true }).tasks.trigger("hello", 1);
  });
  assert.equal(calls.length, 0);
  const parents = server.requests.map(
    ({ body }) => (JSON.parse(body) as { options: { parentRunId?: string } }).options.parentRunId,
  );
  assert.equal(parents[0], undefined);
  assert.match(parents[1] ?? "", /^run_/);
});
