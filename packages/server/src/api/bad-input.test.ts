import assert from "node:assert/strict";
import { test } from "node:test";
import { type ZodType, z } from "zod";
import { call, manifestOf, startApi } from "./fixtures/started-api.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes/all-routes.ts";

/** An API with the routes that it has. */
async function startWithRoutes(t: Parameters<typeof startApi>[0]) {
  let table: readonly Route[] = [];
  const api = await startApi(t, (settings) => {
    table = routes(settings);
    return settings;
  });
  return { api, table };
}

type JsonSchema = Readonly<Record<string, unknown>>;

/** The paths of fields that may be left out and do not take null. */
function fieldsWithoutNull(schema: JsonSchema, path: string): readonly string[] {
  const branches = [...((schema.anyOf ?? schema.oneOf ?? []) as readonly JsonSchema[])];
  if (typeof schema.items === "object") branches.push(schema.items as JsonSchema);
  const required = new Set(schema.required as readonly string[] | undefined);
  const fields = Object.entries((schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>);
  return [
    ...branches.flatMap((branch) => fieldsWithoutNull(branch, path)),
    ...fields.flatMap(([name, field]) => [
      ...(required.has(name) || takesNull(field) ? [] : [`${path}.${name}`]),
      ...fieldsWithoutNull(field, `${path}.${name}`),
    ]),
  ];
}

function takesNull(schema: JsonSchema): boolean {
  const { type, anyOf = [], oneOf = [] } = schema as { type?: unknown; anyOf?: JsonSchema[]; oneOf?: JsonSchema[] };
  if (type === "null" || (Array.isArray(type) && type.includes("null"))) return true;
  return [...anyOf, ...oneOf].some(takesNull) || Object.keys(schema).every((key) => key === "description");
}

test("every field of a body that may be left out takes null for that", async (t) => {
  const { table } = await startWithRoutes(t);
  const strict = table.flatMap(({ method, path, document }) => {
    const isOfDevSession = path.startsWith("/engine/v1/dev/"); // one client speaks to it, and leaves out what it does not have
    if (document?.body === undefined || isOfDevSession) return [];
    const schema = z.toJSONSchema(document.body as ZodType, { io: "input", unrepresentable: "any" }) as JsonSchema; // an object
    return fieldsWithoutNull(schema, `${method} ${path} body`);
  });
  assert.deepEqual(strict, []);
});

test("a body is read whatever its content type says, and none is an empty one", async (t) => {
  const { api, table } = await startWithRoutes(t);
  const types = [
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "application/xml",
    "application/json",
  ];
  const readsJson = table.filter(({ document }) => document?.body !== undefined && document.bodyType === undefined);
  assert.ok(readsJson.length > 20);
  for (const { method, path } of readsJson) {
    const answers = [];
    for (const type of types) {
      const { status, body } = await call(api, method, path.replace(/:\w+/g, "x"), {
        headers: { "content-type": type },
        body: '{"unknown":1}',
      });
      assert.notEqual(status, 415, `${method} ${path} with ${type}`);
      answers.push(status >= 400 ? { status, body } : { status });
    }
    for (const answer of answers) assert.deepEqual(answer, answers[0], `${method} ${path}`);
    const empty = await call(api, method, path.replace(/:\w+/g, "x"), { headers: { "content-type": types[3] ?? "" } });
    assert.ok(empty.status < 500 && empty.status !== 415, `${method} ${path} without a body: ${empty.status}`);
  }
});

test("what is not offered is not found, once", async (t) => {
  const { api } = await startWithRoutes(t);
  const calls: readonly (readonly [method: string, path: string])[] = [
    ["POST", "/api/v2/tasks/batch"],
    ["GET", "/api/v1/concurrency-limits"],
    ["GET", "/api/v1/concurrency-limits/x?concurrencyKey=k"],
    ["POST", "/api/v1/concurrency-limits/x/override"],
    ["POST", "/api/v1/concurrency-limits/x/pause"],
    ["POST", "/api/v1/concurrency-limits/x/reset"],
    ["GET", "/api/v1/sessions"],
    ["POST", "/api/v1/sessions"],
    ["PATCH", "/api/v1/sessions/session_1"],
    ["POST", "/api/v1/runs/run_1/session-streams/wait"],
    ["GET", "/api/v1/prompts"],
    ["POST", "/api/v1/prompts/x"],
    ["PUT", "/api/v1/prompts/x/override"],
    ["DELETE", "/api/v1/prompts/x/override"],
    ["POST", "/api/v1/query"],
    ["GET", "/api/v1/query/schema"],
    ["GET", "/api/v1/query/dashboards"],
    ["GET", "/api/v1/reports/x?format=json"],
    ["GET", "/api/v1/webhooks/endpoints"],
    ["POST", "/api/v1/webhooks/waiters"],
    ["POST", "/api/v1/auth/oidc/token"],
    ["POST", "/api/v1/deployments"],
  ];
  for (const [method, path] of calls) {
    for (const key of [api.key, null]) {
      const answer = await call(api, method, path, { key, ...(method === "GET" ? {} : { body: "{" }) });
      assert.deepEqual([answer.status, answer.body.code], [404, "not_found"], path);
      assert.equal(answer.headers.get("x-should-retry"), "false", path);
    }
  }
});

test("the character NUL in an address is refused where it stands", async (t) => {
  const { api } = await startWithRoutes(t);
  for (const [path, param] of [
    ["/api/v1/queues/%00?type=custom", "queue"],
    ["/api/v1/projects/%00/envvars/dev", "ref"],
    ["/api/v1/runs?filter[tag]=a%00b", "filter[tag]"],
    ["/api/v1/runs?%00=1", "path"],
  ]) {
    const { status, body } = await call(api, "GET", path ?? "");
    assert.deepEqual([status, body.param], [422, param], path);
  }
});

test("a text that was cut in the middle of an emoji is stored with a replacement character", async (t) => {
  const { api } = await startWithRoutes(t);
  const half = "x".repeat(9) + "😀".slice(0, 1);
  const options = {
    tags: [half],
    concurrencyKey: half,
    idempotencyKey: half,
    queue: { name: half },
    metadata: { [half]: half },
  };
  const { status, body } = await call(api, "POST", "/api/v1/tasks/a/trigger", {
    body: { payload: { text: half }, options },
  });
  assert.equal(status, 200);
  const run = (await call(api, "GET", `/api/v3/runs/${body.id}`)).body;
  const whole = `${"x".repeat(9)}\ufffd`;
  assert.deepEqual([run.tags, run.payload, run.metadata], [[whole], { text: whole }, { [whole]: whole }]);
});

test("a value that is nested too deep to be written again is refused", async (t) => {
  const { api } = await startWithRoutes(t);
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  const { status, body } = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: `{"payload":${deep}}` });
  assert.deepEqual([status, body.code], [400, "invalid_json"]);
  const { body: token } = await call(api, "POST", "/api/v1/waitpoints/tokens", { body: {} });
  const answer = await fetch(token.url, { method: "POST", body: deep });
  assert.equal(answer.status, 400);
});

test("a version whose texts can't be stored is refused, with the field", async (t) => {
  const { api } = await startWithRoutes(t);
  const manifest = manifestOf("a");
  const tasks = manifest.tasks.map((task) => ({ ...task, filePath: "a\0b" }));
  const { status, body } = await call(api, "POST", "/worker/v1/versions", { body: { ...manifest, tasks } });
  assert.deepEqual([status, body.param], [400, "tasks.0.filePath"]);
});

test("telemetry of a run without an id is refused, with the field", async (t) => {
  const { api } = await startWithRoutes(t);
  const record = {
    kind: "log",
    runId: "",
    attempt: 1,
    atMs: 1,
    level: "info",
    message: "m",
    spanId: "0011223344556677",
  };
  const { status, body } = await call(api, "POST", "/worker/v1/telemetry", { body: { records: [record] } });
  assert.deepEqual([status, body.param], [400, "records.runId"]);
});

test("a schedule by a word that every object knows is refused", async (t) => {
  const { api } = await startWithRoutes(t);
  const { tasks, ...rest } = manifestOf("a");
  const scheduled = { ...rest, tasks: tasks.map((task) => ({ ...task, isScheduled: true })) };
  await call(api, "POST", "/worker/v1/versions", { body: scheduled });
  for (const cron of ["__proto__", "constructor", "toString"]) {
    const rule = { task: "a", cron, deduplicationKey: "k" };
    const { status, body } = await call(api, "POST", "/api/v1/schedules", { body: rule });
    assert.deepEqual([status, body.param], [422, "cron"], cron);
  }
});
