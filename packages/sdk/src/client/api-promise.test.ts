import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { BadRequestError, NotFoundError } from "../errors/api-error.ts";
import { type ProtocolServer, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { batch, deployments, envvars, queues, runs, schedules, TriggerClient, wait } from "../index.ts";
import { type ApiPromise, apiPromise } from "./api-promise.ts";
import { configure } from "./client-settings.ts";

async function serve(t: { after(body: () => unknown): void }, ...replies: Reply[]): Promise<ProtocolServer> {
  const server = await startProtocolServer((_request, index) => replies[Math.min(index, replies.length - 1)] ?? {});
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url, requestOptions: { retry: { maxAttempts: 1 } } });
  return server;
}

beforeEach(() => configure({}));

const run = { id: "run_1", status: "COMPLETED", createdAt: "2026-11-22T09:30:00.000Z" };

test("gives what is called, the answer, or both, with one request", async (t) => {
  const server = await serve(t, { body: run, status: 201, headers: { "x-request-id": "req_1" } });
  const call = runs.retrieve("run_1");
  const { data, response } = await call.withResponse();
  assert.deepEqual([data.id, data.createdAt], ["run_1", new Date(run.createdAt)]);
  assert.deepEqual([response.status, response.headers.get("x-request-id")], [201, "req_1"]);
  assert.deepEqual(await response.json(), run);
  assert.deepEqual(await (await call.asResponse()).json(), run);
  assert.equal((await call).id, "run_1");
  assert.equal(server.requests.length, 1);
});

test("throws what the call throws, whichever is asked for", async (t) => {
  await serve(t, { status: 404, body: { error: "No such run" } });
  await assert.rejects(runs.retrieve("run_1").asResponse(), NotFoundError);
  await assert.rejects(runs.retrieve("run_1").withResponse(), NotFoundError);
  await assert.rejects(runs.retrieve("run_1"), NotFoundError);
  await assert.rejects(
    // @ts-expect-error no run
    runs.retrieve(undefined).asResponse(),
    BadRequestError,
  );
  await assert.rejects(apiPromise(async () => 1).asResponse(), /has sent no request/);
});

test("a page has its answer, which stays its own", async (t) => {
  const [first, second] = [
    { data: [run], pagination: { next: "run_1" } },
    { data: [], pagination: {} },
  ];
  await serve(t, { body: first }, { body: second });
  const call = runs.list({ limit: 1 });
  const page = await call;
  await page.getNextPage();
  assert.deepEqual(await (await call.asResponse()).json(), first);
  const listed = [];
  for await (const { id } of call) listed.push(id);
  assert.deepEqual(listed, ["run_1"]);
});

test("every call that looks at something has it, those of a client too", async (t) => {
  const server = await serve(t, { headers: { "x-request-id": "req_1" }, body: "[]" });
  const client = new TriggerClient({ accessToken: "tr_dev_key", baseURL: server.url });
  const queue = { type: "task", name: "t" } as const;
  const schedule = { task: "t", cron: "@daily", deduplicationKey: "k" };
  const calls: ApiPromise<unknown>[] = [
    ...[client.runs.retrieve("run_1"), runs.list(), runs.replay("run_1"), runs.reschedule("run_1", { delay: "1h" })],
    ...[runs.bulk.list(), runs.bulk.retrieve("bulk_1"), runs.bulk.abort("bulk_1")],
    ...[runs.bulk.cancel({ runIds: ["run_1"] }), runs.bulk.replay({ runIds: ["run_1"] })],
    ...[queues.list(), queues.retrieve(queue), queues.pause(queue), queues.resume(queue)],
    ...[queues.overrideConcurrencyLimit(queue, 1), queues.resetConcurrencyLimit(queue), queues.resetRateLimit(queue)],
    ...[queues.overrideRateLimit(queue, { limit: 1, period: "1s" })],
    ...[
      schedules.create(schedule),
      schedules.update("sched_1", schedule),
      schedules.retrieve("sched_1"),
      schedules.list(),
    ],
    ...[
      schedules.activate("sched_1"),
      schedules.deactivate("sched_1"),
      schedules.del("sched_1"),
      schedules.timezones(),
    ],
    ...[deployments.list(), deployments.retrieveCurrent(), batch.retrieve("batch_1")],
    ...[wait.listTokens(), wait.retrieveToken("waitpoint_1")],
    ...[envvars.create("p", "dev", { name: "A", value: "1" }), envvars.del("p", "dev", "A")],
    ...[envvars.retrieve("p", "dev", "A"), envvars.update("p", "dev", "A", { value: "1" })],
    ...[envvars.upload("p", "dev", { variables: {} })],
  ];
  // None of them finds what it needs in an empty list, which shows that they read the answer.
  const outcomes = await Promise.allSettled(calls.map((call) => call.withResponse()));
  for (const outcome of outcomes) {
    assert.ok(outcome.status === "rejected");
    assert.equal(outcome.reason.constructor.name, "ApiSchemaValidationError", outcome.reason.message);
  }
  assert.equal(server.requests.length, calls.length);
  for (const call of [runs.cancel("run_1"), envvars.list("p", "dev")]) {
    assert.equal((await call.asResponse()).headers.get("x-request-id"), "req_1");
  }
});
