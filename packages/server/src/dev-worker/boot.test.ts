import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { call, startApi } from "../api/fixtures/started-api.ts";

const task = { id: "hello", filePath: "src/hello.ts", entryPoint: "hello.mjs", exportName: "hello" };

function workerOf(contentHash: string, tasks: readonly unknown[], further: Record<string, unknown> = {}) {
  const metadata = { packageVersion: "4.8.3", cliPackageVersion: "4.8.3", contentHash, tasks, ...further };
  return { localOnly: true, engine: "V2", supportsLazyAttempts: true, metadata };
}

test("a personal token finds its project and the keys of its environments", async (t) => {
  const api = await startApi(t);
  const key = api.personalToken;
  const me = await call(api, "GET", "/api/v2/whoami?projectRef=proj_mine", { key });
  assert.deepEqual(
    [me.body.email, me.body.dashboardUrl, me.body.project],
    ["owner@pawl.localhost", api.apiUrl, { name: "Test", url: api.apiUrl, orgTitle: "default" }],
  );
  assert.equal("project" in (await call(api, "GET", "/api/v2/whoami", { key })).body, false);
  const dev = await call(api, "GET", "/api/v1/projects/proj_mine/dev", { key });
  assert.deepEqual([dev.body.apiKey, dev.body.apiUrl, dev.body.name], [api.key, api.apiUrl, "Test"]);
  assert.equal((await call(api, "GET", "/api/v1/projects/proj_mine/prod", { key })).body.apiKey, api.otherKey);
  const preview = await call(api, "GET", "/api/v1/projects/proj_mine/preview", { key });
  assert.equal(preview.status, 404);
  assert.match(preview.body.error, /opens: dev, prod/);
  const branch = await call(api, "POST", "/api/v1/projects/proj_mine/branches", { key, body: { branch: "b" } });
  assert.equal(branch.status, 422);
  assert.match(branch.body.error, /no branches of environments/);
  const project = (await call(api, "GET", "/api/v1/projects/proj_mine", { key })).body;
  assert.deepEqual([project.name, project.externalRef], ["Test", api.environment.projectRef]);
  const listed = (await call(api, "GET", "/api/v1/projects/runtimes", { key })).body;
  assert.deepEqual(
    listed.map((one: { project: unknown }) => one.project),
    [{ name: "Test", slug: project.externalRef, externalRef: project.externalRef }],
  );
  const news = await call(api, "GET", "/api/v1/platform-notifications", { key });
  assert.deepEqual(news.body, { notification: null });
});

test("a token that an environment's key has made opens that environment alone, until it is revoked", async (t) => {
  const api = await startApi(t);
  const made = await call(api, "POST", "/api/v1/personal-tokens", { body: { name: "ci" } });
  const { token: key, ...view } = made.body;
  assert.equal((await call(api, "GET", "/api/v1/projects/p/dev", { key })).body.apiKey, api.key);
  assert.equal((await call(api, "GET", "/api/v1/projects/p/prod", { key })).status, 404);
  const { data } = (await call(api, "GET", "/api/v1/personal-tokens")).body;
  assert.deepEqual(data[0], view);
  assert.deepEqual(
    data.map((one: { name: string; opensAll: boolean }) => [one.name, one.opensAll]),
    [
      ["ci", false],
      ["test", true],
    ],
  );
  assert.equal((await call(api, "DELETE", `/api/v1/personal-tokens/${view.id}`, { key: api.otherKey })).status, 404);
  assert.equal((await call(api, "DELETE", `/api/v1/personal-tokens/${view.id}`)).body.id, view.id);
  assert.equal((await call(api, "GET", "/api/v2/whoami", { key })).status, 401);
  assert.equal((await call(api, "DELETE", "/api/v1/personal-tokens/pat_x")).status, 404);
});

test("a registered version has queues, retries, machine, durations and schedules", async (t) => {
  const api = await startApi(t);
  const tasks = [
    {
      ...task,
      queue: { concurrencyLimit: 2 },
      retry: { maxAttempts: 5, factor: 1.5 },
      machine: { preset: "small-2x" },
      maxDuration: 60,
      ttl: "10m",
    },
    { ...task, id: "shared", queue: { name: "shared" }, ttl: 30, description: null },
    { ...task, id: "nightly", triggerSource: "schedule", schedule: { cron: "0 3 * * *", timezone: "Europe/Rome" } },
    { ...task, id: "inline", concurrency: { inline: { perKey: 3, total: 4 } } },
  ];
  const queues = [{ name: "shared", concurrencyLimit: 7, combinedConcurrencyLimit: null }];
  const body = workerOf("0123456789abcdef", tasks, { queues, sourceFiles: [{ filePath: "a", contents: "…" }] });
  const path = "/api/v1/projects/proj_mine/background-workers";
  const first = await call(api, "POST", path, { body });
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.deepEqual(Object.keys(first.body), ["id", "version", "contentHash"]);
  assert.match(first.body.version, /^\d{8}\.1$/);
  assert.deepEqual((await call(api, "POST", path, { body })).body, first.body);
  const second = await call(api, "POST", path, { body: workerOf("fedcba9876543210", tasks, { queues }) });
  assert.match(second.body.version, /^\d{8}\.2$/);
  const rows = await api.database.query({
    name: "test_tasks",
    text: `select t.id, t.queue_name, t.retry ->> 'maxAttempts' as attempts, t.machine, t.max_duration_s, t.ttl_s,
             t.is_scheduled, v.process_keep_alive
           from task t join version v on v.id = t.version_id where v.is_current order by t.id`,
    values: [],
  });
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    [
      ["hello", "task/hello", "5", "small-2x", 60, 600, false, false],
      ["inline", "task/inline", "3", null, null, null, false, false],
      ["nightly", "task/nightly", "3", null, null, null, true, false],
      ["shared", "shared", "3", null, null, 30, false, false],
    ],
  );
  const limits = (await call(api, "GET", "/api/v1/queues")).body.data;
  assert.deepEqual(
    Object.fromEntries(limits.map((q: { name: string; concurrencyLimit: number }) => [q.name, q.concurrencyLimit])),
    { hello: 2, inline: 3, nightly: null, shared: 7 },
  );
  assert.equal((await call(api, "GET", "/api/v1/schedules")).body.data[0].task, "nightly");
});

test("a version that can't be is refused with what to change, and changes nothing", async (t) => {
  const api = await startApi(t);
  const register = (tasks: readonly unknown[]) =>
    call(api, "POST", "/api/v1/projects/p/background-workers", { body: workerOf("0123456789abcdef", tasks) });
  const refused: [task: unknown, status: number, error: RegExp][] = [
    [
      { ...task, filePath: "src/other.ts" },
      400,
      /Two tasks have the id hello: one in src\/hello.ts, one in src\/other/,
    ],
    [{ ...task, id: "cron", schedule: { cron: "every day", timezone: "UTC" } }, 422, /src\/hello.ts: .*"cron"/],
    [{ ...task, id: "gated", gates: [{ queue: "q" }] }, 422, /The task gated shares concurrency limits/],
    [{ ...task, id: "a", ttl: "soon" }, 400, /metadata.tasks.1.ttl: must be a duration/],
    [{ ...task, id: "a", retry: { factor: 0 } }, 400, /tasks.1.retry.factor/],
    [{ ...task, id: "" }, 400, /tasks.1.id/],
  ];
  for (const [wrong, status, error] of refused) {
    const answer = await register([task, wrong]);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(answer.body.error, error);
  }
  assert.equal((await call(api, "GET", "/worker/v1/tasks")).body.version, null);
  assert.deepEqual(api.bugs, []);
});

test("the configuration of a session leads it back to the address that it came by", async (t) => {
  const api = await startApi(t);
  const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "pawl.example" };
  const { body } = await call(api, "GET", "/engine/v1/dev/config", { headers });
  assert.equal(body.engineUrl, "https://pawl.example");
  assert.ok(body.dequeueIntervalWithRun > 0 && body.dequeueIntervalWithoutRun > 0 && body.maxConcurrentRuns > 0);
});

test("a session is present for as long as its stream is open", async (t) => {
  const api = await startApi(t);
  const isConnected = async () =>
    (await call(api, "GET", "/api/v1/projects/p/dev-status", { key: api.personalToken })).body.isConnected;
  assert.equal(await isConnected(), false);
  const gone = new AbortController();
  const response = await fetch(`${api.apiUrl}/engine/v1/dev/presence`, {
    signal: gone.signal,
    headers: { authorization: `Bearer ${api.key}` },
  });
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  const reader = response.body?.getReader();
  assert.match(new TextDecoder().decode((await reader?.read())?.value), /^event: start\ndata: \{.*\}\n\n$/);
  assert.equal(await isConnected(), true);
  gone.abort();
  while (await isConnected()) await setImmediate();
});

test("runs of all environments come as one list, in both directions", async (t) => {
  const api = await startApi(t);
  const ids: string[] = [];
  for (const key of [api.key, api.otherKey, api.key, api.otherKey, api.key]) {
    ids.unshift((await call(api, "POST", "/api/v1/tasks/a/trigger", { key, body: {} })).body.id);
  }
  const list = async (query: string) =>
    (await call(api, "GET", `/api/v1/projects/p/runs?${query}`, { key: api.personalToken })).body;
  const idsOf = (page: { data: readonly { id: string }[] }) => page.data.map(({ id }) => id);
  const first = await list("page[size]=2");
  assert.deepEqual(idsOf(first), ids.slice(0, 2));
  assert.deepEqual(
    first.data.map((run: { env: { name: string } }) => run.env.name),
    ["dev", "prod"],
  );
  const second = await list(`page[size]=2&page[after]=${first.pagination.next}`);
  assert.deepEqual(idsOf(second), ids.slice(2, 4));
  const third = await list(`page[size]=2&page[after]=${second.pagination.next}`);
  assert.deepEqual([idsOf(third), third.pagination.next], [ids.slice(4), undefined]);
  const back = await list(`page[size]=2&page[before]=${third.pagination.previous}`);
  assert.deepEqual(idsOf(back), ids.slice(2, 4));
  assert.deepEqual(idsOf(await list("filter[env]=prod")), [ids[1], ids[3]]);
  assert.deepEqual(idsOf(await list("filter[env]=prod,prod")), [ids[1], ids[3]]);
  assert.match((await list("filter[env]=test")).error, /opens no environment test, only dev, prod/);
  assert.deepEqual((await list("filter[tag]=none")).data, []);
});

test("variables are read and set with a personal token for the environment that the address names", async (t) => {
  const api = await startApi(t);
  const base = "/api/v1/projects/proj_mine/envvars";
  const key = api.personalToken;
  const made = await call(api, "POST", `${base}/prod`, { key, body: { name: "A", value: "1" } });
  assert.deepEqual(made.body, { success: true });
  assert.deepEqual((await call(api, "GET", `${base}/prod`, { key: api.otherKey })).body, [
    { name: "A", value: "1", isSecret: false },
  ]);
  assert.deepEqual((await call(api, "GET", `${base}/dev`, { key })).body, []);
  const missing = await call(api, "GET", `${base}/preview`, { key });
  assert.deepEqual([missing.status, missing.body.param], [403, "slug"]);
  assert.equal((await call(api, "GET", base, { key })).status, 401);
});
