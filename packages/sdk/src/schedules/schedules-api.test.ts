import assert from "node:assert/strict";
import { test } from "node:test";
import { configure } from "../client/client-settings.ts";
import { ApiSchemaValidationError, NotFoundError } from "../errors/api-error.ts";
import { type ReceivedRequest, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { schedules } from "./schedules-api.ts";

async function serve(
  t: { after(body: () => unknown): void },
  reply: (request: ReceivedRequest, index: number) => Reply,
) {
  const server = await startProtocolServer(reply);
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
}

const at = "2026-01-02T03:04:05.000Z";
const schedule = {
  id: "sched_1",
  type: "IMPERATIVE",
  task: "report",
  active: true,
  deduplicationKey: "k",
  externalId: null,
  generator: { type: "CRON", expression: "0 9 * * *", description: "At 09:00" },
  timezone: "UTC",
  catchUp: "skip",
  overlap: "allow",
  nextRun: at,
  nextRunEffectiveAt: at,
  environments: [],
};
const rule = { task: "report", cron: "0 9 * * *", externalId: "customer", window: "30m" } as const;

test("creates, changes, switches and removes a schedule", async (t) => {
  const server = await serve(t, ({ method }) => ({ body: method === "DELETE" ? { id: "sched_1" } : schedule }));
  const created = await schedules.create({ ...rule, deduplicationKey: "k" });
  assert.deepEqual(created, { ...schedule, nextRun: new Date(at), nextRunEffectiveAt: new Date(at) });
  await schedules.retrieve("sched_1");
  await schedules.update("sched_1", rule);
  await schedules.activate("sched_1");
  await schedules.deactivate("sched_1");
  assert.deepEqual(await schedules.del("sched_1"), { id: "sched_1" });
  assert.deepEqual(
    server.requests.map(({ method, path, body }) => [method, path, body === "" ? null : JSON.parse(body)]),
    [
      ["POST", "/api/v1/schedules", { ...rule, deduplicationKey: "k" }],
      ["GET", "/api/v1/schedules/sched_1", null],
      ["PUT", "/api/v1/schedules/sched_1", rule],
      ["POST", "/api/v1/schedules/sched_1/activate", null],
      ["POST", "/api/v1/schedules/sched_1/deactivate", null],
      ["DELETE", "/api/v1/schedules/sched_1", null],
    ],
  );
});

test("a schedule that is not active has no next run", async (t) => {
  const { nextRunEffectiveAt: _, ...rest } = { ...schedule, active: false, nextRun: null };
  await serve(t, () => ({ body: rest }));
  assert.deepEqual(await schedules.deactivate("sched_1"), rest);
});

test("refuses at once what no server would take", async () => {
  const expected = { status: 400, param: "deduplicationKey", message: /needs a deduplicationKey/ };
  // @ts-expect-error without a key
  await assert.rejects(schedules.create(rule), expected);
  await assert.rejects(schedules.create({ ...rule, deduplicationKey: "" }), expected);
  for (const call of [schedules.retrieve, schedules.activate, schedules.del]) {
    await assert.rejects(call(""), { status: 400, message: /The id of a schedule is missing/ });
  }
});

test("lists all pages from one on", async (t) => {
  const server = await serve(t, ({ path }) => {
    const currentPage = Number(new URL(path, "http://a").searchParams.get("page"));
    const data = [{ ...schedule, id: `sched_${currentPage}` }];
    return { body: { data, pagination: { currentPage, totalPages: 3, count: 3 } } };
  });
  const found: [string, Date | null][] = [];
  for await (const { id, nextRun } of schedules.list({ page: 2, perPage: 1 })) found.push([id, nextRun]);
  assert.deepEqual(found, [
    ["sched_2", new Date(at)],
    ["sched_3", new Date(at)],
  ]);
  assert.equal(server.requests[0]?.path, "/api/v1/schedules?page=2&perPage=1");
  assert.deepEqual((await schedules.list()).pagination, { currentPage: 1, totalPages: 3, count: 3, next: "2" });
});

test("lists time zones", async (t) => {
  const server = await serve(t, () => ({ body: { timezones: ["UTC", "Europe/Berlin"] } }));
  assert.deepEqual(await schedules.timezones(), { timezones: ["UTC", "Europe/Berlin"] });
  await schedules.timezones({ excludeUtc: true });
  assert.deepEqual(
    server.requests.map(({ path }) => path),
    ["/api/v1/timezones", "/api/v1/timezones?excludeUtc=true"],
  );
});

test("a schedule that does not exist is not found, and an answer that is none is said to be", async (t) => {
  await serve(t, (_, index) => (index === 0 ? { status: 404, body: { error: "no" } } : { body: {} }));
  await assert.rejects(schedules.retrieve("sched_9"), NotFoundError);
  await assert.rejects(schedules.retrieve("sched_9"), ApiSchemaValidationError);
  await assert.rejects(schedules.del("sched_9"), ApiSchemaValidationError);
  await assert.rejects(schedules.timezones(), ApiSchemaValidationError);
  await assert.rejects(schedules.list(), ApiSchemaValidationError);
});
