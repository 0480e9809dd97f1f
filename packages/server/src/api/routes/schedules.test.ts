import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { call, manifestOf, type StartedApi, startApi } from "../fixtures/started-api.ts";

/** The current version declares a schedule for `declared`, and has `called` for schedules that calls make. */
async function startWithTasks(t: Parameters<typeof startApi>[0]): Promise<StartedApi> {
  const api = await startApi(t);
  const manifest = manifestOf("declared", "called", "plain");
  const schedule = { cron: "0 9 * * 1-5", timezone: "Europe/Berlin", window: "30m", catchUp: "last", overlap: "skip" };
  const [declared, called, plain] = manifest.tasks;
  const tasks = [{ ...declared, isScheduled: true, schedule }, { ...called, isScheduled: true }, plain];
  const { status, body } = await call(api, "POST", "/worker/v1/versions", { body: { ...manifest, tasks } });
  assert.equal(status, 200, JSON.stringify(body));
  return api;
}

const path = "/api/v1/schedules";
const rule = { task: "called", cron: "0 9 * * *" };

async function create(api: StartedApi, body: object) {
  return call(api, "POST", path, { body: { ...rule, deduplicationKey: "k", ...body } });
}

test("a schedule is made with what its call says, and shown by itself and in numbered pages", async (t) => {
  const api = await startWithTasks(t);
  const options = {
    timezone: "Asia/Kolkata",
    externalId: "customer",
    window: "25%",
    catchUp: "all",
    overlap: "cancel",
  };
  const { status, body } = await create(api, options);
  assert.equal(status, 200);
  const { id, nextRun, nextRunEffectiveAt, environments, ...rest } = body;
  assert.match(id, /^sched_/);
  assert.match(nextRun, /T03:30:00\.000Z$/);
  const lateMs = Date.parse(nextRunEffectiveAt) - Date.parse(nextRun);
  assert.ok(lateMs >= 0 && lateMs < 6 * 3_600_000, nextRunEffectiveAt);
  assert.deepEqual(environments, [{ id: toPublicId("env", api.environment.id), type: "DEVELOPMENT", userName: null }]);
  assert.deepEqual(rest, {
    type: "IMPERATIVE",
    task: "called",
    active: true,
    deduplicationKey: "k",
    externalId: "customer",
    generator: { type: "CRON", expression: "0 9 * * *", description: "At 09:00 AM" },
    timezone: "Asia/Kolkata",
    window: "25%",
    catchUp: "all",
    overlap: "cancel",
  });
  assert.deepEqual((await call(api, "GET", `${path}/${id}`)).body, body);
  const list = (await call(api, "GET", path)).body;
  assert.deepEqual(list.pagination, { currentPage: 1, totalPages: 1, count: 2 });
  assert.deepEqual(
    list.data.find((schedule: { id: string }) => schedule.id === id),
    body,
  );
  const second = (await call(api, "GET", `${path}?page=2&perPage=1`)).body;
  assert.deepEqual([second.data.length, second.pagination], [1, { currentPage: 2, totalPages: 2, count: 2 }]);
});

test("what a call leaves out has its default, and the same key names the same schedule", async (t) => {
  const api = await startWithTasks(t);
  const first = (await create(api, { externalId: "customer", window: "1h" })).body;
  const { body } = await create(api, { cron: "@daily", timezone: null });
  const { id, generator, timezone, externalId, window, catchUp, overlap } = body;
  assert.deepEqual(
    [id, generator.expression, timezone, externalId, window, catchUp, overlap],
    [first.id, "@daily", "UTC", null, undefined, "skip", "allow"],
  );
  assert.notEqual((await create(api, { deduplicationKey: "another" })).body.id, id);
});

test("a schedule is changed, switched off and on, and removed", async (t) => {
  const api = await startWithTasks(t);
  const { id } = (await create(api, {})).body;
  const changed = await call(api, "PUT", `${path}/${id}`, { body: { ...rule, cron: "30 9 * * *" } });
  assert.deepEqual([changed.status, changed.body.id, changed.body.deduplicationKey], [200, id, "k"]);
  assert.equal(changed.body.generator.expression, "30 9 * * *");
  const off = (await call(api, "POST", `${path}/${id}/deactivate`)).body;
  assert.deepEqual([off.active, off.nextRun, off.nextRunEffectiveAt], [false, null, undefined]);
  const on = (await call(api, "POST", `${path}/${id}/activate`)).body;
  assert.deepEqual([on.active, on.nextRun], [true, changed.body.nextRun]);
  const removed = await call(api, "DELETE", `${path}/${id}`);
  assert.deepEqual([removed.status, removed.body], [200, { id }]);
  assert.equal((await call(api, "GET", `${path}/${id}`)).status, 404);
});

test("the next run is still to come where nothing could fire the last ones", async (t) => {
  const api = await startWithTasks(t); // development, without a host
  const { id, nextRun } = (await create(api, {})).body;
  await api.database.query({
    name: "schedules_test_past",
    text: `update schedule set next_at = next_at - interval '3 days', due_at = due_at - interval '3 days'
           where type = 'imperative' returning id`,
    values: [],
  });
  assert.equal((await call(api, "GET", `${path}/${id}`)).body.nextRun, nextRun);
});

test("what can't be right is answered with 422, the field and a sentence", async (t) => {
  const api = await startWithTasks(t);
  const { id } = (await create(api, {})).body;
  const bad: [object, string, RegExp][] = [
    [{ cron: "99 * * * *" }, "cron", /"99" is no minute/],
    [{ cron: "0 0 31 2 *" }, "cron", /never fires/],
    [{ timezone: "Moon/Tycho" }, "timezone", /no time zone "Moon\/Tycho"/],
    [{ cron: "*/5 * * * *", window: "30m" }, "window", /30m is longer than/],
    [{ task: "plain" }, "task", /schedules\.task\(\)/],
    [{ task: "unknown" }, "task", /no task "unknown"/],
    [{ externalId: "\0" }, "externalId", /NUL/],
  ];
  for (const [change, param, message] of bad) {
    const body = { ...rule, ...change };
    for (const answer of [await create(api, change), await call(api, "PUT", `${path}/${id}`, { body })]) {
      assert.deepEqual([answer.status, answer.body.param], [422, param], JSON.stringify(answer.body));
      assert.match(answer.body.error, message);
    }
  }
  assert.equal((await create(api, { deduplicationKey: "\0" })).status, 422);
  assert.deepEqual(api.bugs, []);
});

test("what is no such call is answered with 400 and the field", async (t) => {
  const api = await startWithTasks(t);
  const bad: [object, string][] = [
    [{ deduplicationKey: undefined }, "deduplicationKey"],
    [{ deduplicationKey: "" }, "deduplicationKey"],
    [{ task: undefined }, "task"],
    [{ cron: "" }, "cron"],
    [{ window: "90s" }, "window"],
    [{ window: "25h" }, "window"],
    [{ catchUp: "some" }, "catchUp"],
    [{ overlap: "queue" }, "overlap"],
  ];
  for (const [change, param] of bad) {
    const answer = await create(api, change);
    assert.deepEqual([answer.status, answer.body.param], [400, param], JSON.stringify(answer.body));
  }
  for (const query of ["page=0", "perPage=101", "page=x"]) {
    assert.equal((await call(api, "GET", `${path}?${query}`)).status, 400, query);
  }
});

test("a schedule of nobody, or of another environment, is not found", async (t) => {
  const api = await startWithTasks(t);
  const { id } = (await create(api, {})).body;
  for (const [name, key] of [
    [toPublicId("sched", newUuid()), api.key],
    ["sched_x", api.key],
    [id, api.otherKey],
  ]) {
    const calls = [
      await call(api, "GET", `${path}/${name}`, { key }),
      await call(api, "PUT", `${path}/${name}`, { key, body: rule }),
      await call(api, "POST", `${path}/${name}/activate`, { key }),
      await call(api, "POST", `${path}/${name}/deactivate`, { key }),
      await call(api, "DELETE", `${path}/${name}`, { key }),
    ];
    for (const { status, body } of calls) {
      assert.equal(status, 404);
      assert.match(body.error, new RegExp(`^There is no schedule ${name} `));
    }
  }
  assert.deepEqual((await call(api, "GET", path, { key: api.otherKey })).body.data, []);
});

test("one that code declares can be switched off and on, and nothing else", async (t) => {
  const api = await startWithTasks(t);
  const [declared] = (await call(api, "GET", path)).body.data;
  const { id, type, task, deduplicationKey, timezone, window, catchUp, overlap } = declared;
  assert.deepEqual([type, task, deduplicationKey], ["DECLARATIVE", "declared", null]);
  assert.deepEqual([timezone, window, catchUp, overlap], ["Europe/Berlin", "30m", "last", "skip"]);
  const refused = [await call(api, "PUT", `${path}/${id}`, { body: rule }), await call(api, "DELETE", `${path}/${id}`)];
  for (const { status, body } of refused) {
    assert.equal(status, 422);
    assert.match(body.error, new RegExp(`${id} is declared in the code of the task declared`));
  }
  assert.equal((await call(api, "POST", `${path}/${id}/deactivate`)).body.active, false);
  assert.deepEqual((await call(api, "POST", `${path}/${id}/activate`)).body, declared);
});

test("a run of a fire names its schedule, for as long as there is one", async (t) => {
  const api = await startWithTasks(t);
  const { id, generator } = (await create(api, { externalId: "customer" })).body;
  const [row] = await api.database.query({
    name: "schedules_test_id",
    text: "select id from schedule where type = 'imperative'",
    values: [],
  });
  const at = new Date(0);
  const outcome = await api.engine.trigger({
    environmentId: api.environment.id,
    taskId: "called",
    payload: null,
    payloadType: "application/json",
    fire: { scheduleId: String(row?.id), at },
  });
  assert.equal(outcome.kind, "created");
  const [{ id: runId }] = (await call(api, "GET", "/api/v1/runs")).body.data;
  const read = async () => (await call(api, "GET", `/api/v3/runs/${runId}`)).body.schedule;
  assert.deepEqual(await read(), { id, externalId: "customer", deduplicationKey: "k", generator });
  await call(api, "DELETE", `${path}/${id}`);
  assert.equal(await read(), undefined);
});

test("time zones are told to anyone", async (t) => {
  const api = await startApi(t);
  const { timezones } = (await call(api, "GET", "/api/v1/timezones", { key: null })).body;
  assert.equal(timezones[0], "UTC");
  assert.ok(timezones.includes("Europe/Berlin") && timezones.length > 300);
  const others = (await call(api, "GET", "/api/v1/timezones?excludeUtc=true", { key: null })).body.timezones;
  assert.deepEqual(others, timezones.slice(1));
  assert.equal((await call(api, "GET", "/api/v1/timezones?excludeUtc=x")).status, 400);
});
