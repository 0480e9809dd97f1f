import assert from "node:assert/strict";
import { test } from "node:test";
import { replayBodySchema } from "@pawl/contract/api/run-control";
import { configure } from "../client/client-settings.ts";
import { type ReceivedRequest, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { runs } from "./runs-api.ts";

const time = "2026-01-02T03:04:05.000Z";

async function serve(
  t: { after(body: () => unknown): void },
  reply: (request: ReceivedRequest, index: number) => Reply,
) {
  const server = await startProtocolServer(reply);
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
}

test("retrieves a run with its times as dates", async (t) => {
  const server = await serve(t, () => ({
    body: { id: "run_1", status: "COMPLETED", createdAt: time, output: { at: time } },
  }));
  const run = await runs.retrieve({ id: "run_1" });
  assert.equal(server.requests[0]?.path, "/api/v3/runs/run_1");
  assert.deepEqual(run.createdAt, new Date(time));
  assert.deepEqual(run.output, { at: time });
  assert.equal(run.startedAt, undefined);
});

test("polls until the run has finished", async (t) => {
  const server = await serve(t, (_request, index) => ({
    body: { id: "run_1", status: index < 3 ? "QUEUED" : "EXPIRED", isCompleted: index === 3 },
  }));
  const run = await runs.poll("run_1", { pollIntervalMs: 1 });
  assert.equal(run.status, "EXPIRED");
  assert.equal(server.requests.length, 4);
});

test("lists runs by every filter", async (t) => {
  const server = await serve(t, () => ({ body: { data: [], pagination: {} } }));
  const page = await runs.list({
    limit: 10,
    status: ["FAILED", "CRASHED"],
    taskIdentifier: "a",
    version: "20260101.1",
    tag: ["x", "y"],
    queue: "task/a",
    batch: "batch_1",
    isTest: false,
    from: new Date(5),
    to: 6,
    period: "1d",
    after: "run_0",
  });
  assert.deepEqual([page.hasNextPage(), page.hasPreviousPage()], [false, false]);
  await assert.rejects(page.getNextPage(), RangeError);
  const { searchParams } = new URL(server.requests[0]?.path ?? "", "http://a");
  assert.deepEqual(Object.fromEntries(searchParams), {
    "filter[status]": "FAILED,CRASHED",
    "filter[taskIdentifier]": "a",
    "filter[version]": "20260101.1",
    "filter[tag]": "x,y",
    "filter[queue]": "task/a",
    "filter[batch]": "batch_1",
    "filter[isTest]": "false",
    "filter[createdAt][from]": "5",
    "filter[createdAt][to]": "6",
    "filter[createdAt][period]": "1d",
    "page[size]": "10",
    "page[after]": "run_0",
  });
});

test("goes through the pages, forwards by itself and back on request", async (t) => {
  const pages: Record<string, unknown> = {
    "": { data: [{ id: "run_3", createdAt: time }, { id: "run_2" }], pagination: { next: "2" } },
    "after=2": { data: [{ id: "run_1" }], pagination: { previous: "1" } },
    "before=1": { data: [{ id: "run_3" }], pagination: { next: "2" } },
  };
  await serve(t, ({ path }) => ({ body: pages[/(?:after|before)%5D=\d/.exec(path)?.[0]?.replace("%5D", "") ?? ""] }));
  const ids: string[] = [];
  for await (const run of runs.list()) ids.push(run.id);
  assert.deepEqual(ids, ["run_3", "run_2", "run_1"]);
  const second = await (await runs.list()).getNextPage();
  assert.deepEqual(
    (await second.getPreviousPage()).data.map((run) => run.id),
    ["run_3"],
  );
});

test("an answer that is no run or no list is none of Pawl's", async (t) => {
  await serve(t, () => ({ body: { ok: true } }));
  await assert.rejects(runs.retrieve("run_1"), /lacks a run/);
  await assert.rejects(runs.list(), /lacks a list of runs/);
});

test("cancels, replays and reschedules a run", async (t) => {
  const server = await serve(t, () => ({ body: { id: "run_2", status: "DELAYED", delayedUntil: time } }));
  assert.deepEqual(await runs.cancel({ id: "run_2" }), { id: "run_2" });
  assert.deepEqual(await runs.replay("run_1"), { id: "run_2" });
  await runs.replay("run_1", {
    payload: { at: new Date(0) },
    tags: "x",
    queue: "mail",
    version: "latest",
    idempotencyKey: "k",
  });
  const run = await runs.reschedule("run_2", { delay: "2h" });
  assert.deepEqual([run.status, run.delayedUntil], ["DELAYED", new Date(time)]);
  assert.deepEqual(
    server.requests.map(({ method, path }) => `${method} ${path}`),
    [
      "POST /api/v2/runs/run_2/cancel",
      "POST /api/v1/runs/run_1/replay",
      "POST /api/v1/runs/run_1/replay",
      "POST /api/v1/runs/run_2/reschedule",
    ],
  );
  assert.equal(server.requests[1]?.body, "");
  const body: unknown = JSON.parse(server.requests[2]?.body ?? "");
  assert.deepEqual(body, {
    payload: '{"json":{"at":"1970-01-01T00:00:00.000Z"},"meta":{"values":{"at":["Date"]},"v":1}}',
    payloadType: "application/super+json",
    tags: "x",
    queue: { name: "mail" },
    version: "latest",
    idempotencyKey: "8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a",
  });
  assert.ok(replayBodySchema.safeParse(body).success);
  assert.deepEqual(JSON.parse(server.requests[3]?.body ?? ""), { delay: "2h" });
});

test("a control call that can't be right is refused before it is sent", async () => {
  await assert.rejects(runs.reschedule("run_1", { delay: "soon" }), /400 The delay must be/);
  await assert.rejects(runs.replay("run_1", { maxAttempts: 0 }), /maxAttempts for the replay of run_1/);
});
