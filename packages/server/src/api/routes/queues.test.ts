import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { call, manifestOf, type StartedApi, startApi } from "../fixtures/started-api.ts";

async function startWithQueues(t: Parameters<typeof startApi>[0]): Promise<StartedApi> {
  const api = await startApi(t);
  const manifest = manifestOf("a", "b");
  const [a, b] = manifest.tasks;
  const tasks = [a, { ...b, queue: { name: "shared/emails/all", concurrencyLimit: 3 } }];
  const { status } = await call(api, "POST", "/worker/v1/versions", { body: { ...manifest, tasks } });
  assert.equal(status, 200);
  return api;
}

/** As the published SDK does: only the first slash is encoded twice. */
const inPath = (name: string) => encodeURIComponent(name.replace("/", "%2F"));

test("queues are listed in numbered pages, with live counts", async (t) => {
  const api = await startWithQueues(t);
  for (let i = 0; i < 2; i++) await call(api, "POST", "/api/v1/tasks/a/trigger", { body: {} });
  const { body } = await call(api, "GET", "/api/v1/queues");
  assert.deepEqual(body.pagination, { currentPage: 1, totalPages: 1, count: 2 });
  const byName = new Map(body.data.map((queue: { name: string }) => [queue.name, queue]));
  const a = (await call(api, "GET", "/api/v1/queues/a?type=task")).body;
  assert.deepEqual(byName.get("a"), a);
  const { id, ...rest } = a;
  assert.match(id, /^queue_/);
  assert.deepEqual(rest, {
    name: "a",
    type: "task",
    running: 0,
    queued: 2,
    paused: false,
    concurrencyLimit: null,
    concurrency: { current: null, base: null, override: null, overriddenAt: null, overriddenBy: null },
    rateLimit: null,
    combinedRateLimit: null,
    rates: { base: { rateLimit: null, combinedRateLimit: null }, override: null, overriddenAt: null },
  });
  const second = (await call(api, "GET", "/api/v1/queues?page=2&perPage=1")).body;
  assert.deepEqual([second.data.length, second.pagination], [1, { currentPage: 2, totalPages: 2, count: 2 }]);
  for (const query of ["page=0", "perPage=101", "page=x"]) {
    assert.equal((await call(api, "GET", `/api/v1/queues?${query}`)).status, 400, query);
  }
});

test("a queue is found by its id, its task or its name", async (t) => {
  const api = await startWithQueues(t);
  const named = (await call(api, "GET", `/api/v1/queues/${inPath("shared/emails/all")}?type=custom`)).body;
  assert.deepEqual([named.name, named.type, named.concurrencyLimit], ["shared/emails/all", "custom", 3]);
  const whole = encodeURIComponent("shared/emails/all".replaceAll("/", "%2F"));
  assert.deepEqual((await call(api, "GET", `/api/v1/queues/${whole}?type=custom`)).body, named);
  assert.deepEqual((await call(api, "GET", `/api/v1/queues/${named.id}`)).body, named);
  const unknown = ["a?type=custom", "x?type=task", "a", `${toPublicId("queue", newUuid())}?type=id`];
  for (const path of unknown) assert.equal((await call(api, "GET", `/api/v1/queues/${path}`)).status, 404, path);
  assert.equal((await call(api, "GET", "/api/v1/queues/a?type=other")).status, 400);
  const foreign = await call(api, "GET", `/api/v1/queues/${named.id}`, { key: api.otherKey });
  assert.equal(foreign.status, 404);
});

test("a queue is paused, and given another limit and its own again", async (t) => {
  const api = await startWithQueues(t);
  const change = async (action: string, body: object) => {
    const path = `/api/v1/queues/${inPath("shared/emails/all")}/${action}`;
    const answer = await call(api, "POST", path, { body: { type: "custom", ...body } });
    return answer.status === 200 ? answer.body : answer;
  };
  assert.equal((await change("pause", { action: "pause" })).paused, true);
  const { id } = (await call(api, "POST", "/api/v1/tasks/b/trigger", { body: {} })).body;
  assert.equal((await call(api, "GET", "/api/v1/queues/shared%252Femails%252Fall?type=custom")).body.queued, 1);
  assert.equal((await change("pause", { action: "resume" })).paused, false);
  const overridden = await change("concurrency/override", { concurrencyLimit: 7 });
  assert.equal(overridden.concurrencyLimit, 7);
  const { overriddenAt, ...concurrency } = overridden.concurrency;
  assert.deepEqual(concurrency, { current: 7, base: 3, override: 7, overriddenBy: null });
  assert.ok(overriddenAt);
  const reset = await change("concurrency/reset", {});
  assert.deepEqual(
    [reset.concurrencyLimit, reset.concurrency.override, reset.concurrency.overriddenAt],
    [3, null, null],
  );
  const bad: [string, object, string][] = [
    ["pause", { action: "stop" }, "action"],
    ["concurrency/override", { concurrencyLimit: -1 }, "concurrencyLimit"],
    ["concurrency/override", {}, "concurrencyLimit"],
  ];
  for (const [action, body, param] of bad) {
    const answer = await change(action, body);
    assert.deepEqual([answer.status, answer.body.param], [400, param]);
  }
  const missing = await call(api, "POST", "/api/v1/queues/none/pause", { body: { type: "custom", action: "pause" } });
  assert.equal(missing.status, 404);
  assert.ok(id);
});

test("an environment is paused and resumed with its own key", async (t) => {
  const api = await startWithQueues(t);
  const [row] = await api.database.query({ name: "queues_test_ref", text: "select ref from project", values: [] });
  const path = (action: string, slug = "dev") => `/api/v1/projects/${row?.ref}/${slug}/${action}`;
  const { id } = (await call(api, "POST", "/api/v1/tasks/a/trigger", { body: {} })).body;
  const reason = async () => (await call(api, "GET", `/api/v3/runs/${id}`)).body.reason;
  assert.deepEqual((await call(api, "POST", path("pause"))).body, { success: true });
  assert.equal(await reason(), "The environment dev is paused: resume it to go on.");
  assert.deepEqual((await call(api, "POST", path("resume"))).body, { success: true });
  assert.match(await reason(), /No worker host is connected/);
  assert.equal((await call(api, "POST", path("pause", "prod"))).status, 403);
  assert.equal((await call(api, "POST", "/api/v1/projects/proj_x/dev/pause")).status, 403);
  assert.equal((await call(api, "POST", path("pause", "prod"), { key: api.otherKey })).status, 200);
});

test("a rate is overridden and reset; one that can't be right is refused, wherever it is said", async (t) => {
  const api = await startApi(t);
  const manifest = manifestOf("a");
  const register = (queue: object) =>
    call(api, "POST", "/worker/v1/versions", {
      body: { ...manifest, tasks: manifest.tasks.map((task) => ({ ...task, queue: { name: "mail", ...queue } })) },
    });
  const declared = { limit: 100, period: 60_000, burst: 1 };
  assert.equal((await register({ rateLimit: { limit: 100, period: "1m" } })).status, 200);
  const change = async (verb: string, body: object) => {
    const answer = await call(api, "POST", `/api/v1/queues/mail/rate-limit/${verb}`, {
      body: { type: "custom", ...body },
    });
    assert.equal(answer.status, 200);
    return answer.body;
  };
  const combinedRateLimit = { limit: 20, period: 1_000, burst: 5 };
  const overridden = await change("override", { combinedRateLimit: { limit: 20, period: "1s", burst: 5 } });
  assert.deepEqual([overridden.rateLimit, overridden.combinedRateLimit], [declared, combinedRateLimit]);
  assert.deepEqual(overridden.rates.base, { rateLimit: declared, combinedRateLimit: null });
  assert.deepEqual(overridden.rates.override, { combinedRateLimit });
  assert.match(overridden.rates.overriddenAt, /Z$/);
  const lifted = await change("override", { rateLimit: null });
  assert.deepEqual([lifted.rateLimit, lifted.combinedRateLimit], [null, null]);
  const back = await change("reset", {});
  assert.deepEqual([back.rateLimit, back.rates.override, back.rates.overriddenAt], [declared, null, null]);

  const refusals = [
    [{ limit: 0, period: "1s" }, "limit", /whole number from 1 to 1,000,000; to keep everything back, pause the queue/],
    [{ limit: 5, period: "1s", burst: 6 }, "burst", /whole number from 1 to the limit/],
    [{ limit: 5, period: "1 second" }, "period", /must be a duration such as 1s or 5m/],
    [{ limit: 5, period: "2w" }, "period", /of a week at most/],
  ] as const;
  for (const [rateLimit, field, message] of refusals) {
    const override = { type: "custom", rateLimit };
    const refused = await call(api, "POST", "/api/v1/queues/mail/rate-limit/override", { body: override });
    assert.deepEqual([refused.status, refused.body.param], [400, `rateLimit.${field}`]);
    assert.match(refused.body.error, message);
    const registered = await register({ rateLimit });
    assert.equal(registered.status, 400);
    assert.match(registered.body.error, message);
  }
  const nothing = await call(api, "POST", "/api/v1/queues/mail/rate-limit/override", { body: { type: "custom" } });
  assert.deepEqual([nothing.status, /must have rateLimit/.test(nothing.body.error)], [400, true]);
  const unknown = await call(api, "POST", "/api/v1/queues/none/rate-limit/reset", { body: { type: "custom" } });
  assert.equal(unknown.status, 404);
});
