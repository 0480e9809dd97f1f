import assert from "node:assert/strict";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { type EngineStage, openEngine } from "../stage/engine.ts";
import { until } from "../stage/until.ts";
import { type ApiDocument, schemasOf } from "./api-schema.ts";
import { type CheckedClient, checkedClient } from "./checked-client.ts";

/** Routes whose answers need more than calls: a person who approves on a page, or something that Pawl refuses always. */
const withoutSuccess: ReadonlySet<string> = new Set(["POST /api/v1/token", "POST /api/v1/projects/{ref}/branches"]);

/** Answered to a dev session of the original's command line alone, which is run whole in `e2e/compat/dev`. */
const isOfDevSession = (name: string) => name.includes(" /engine/v1/");

test("the document of the API is one of OpenAPI 3.1, and says what its routes take and answer", async (t) => {
  const engine = await openEngine(t);
  const document = (await (await fetch(`${engine.server.apiUrl}/api/openapi.json`)).json()) as ApiDocument; // judged at once
  const schemas = schemasOf(document);

  await t.test("it is valid, each of its schemas too, and each route has a name of its own", async () => {
    const validator = new Validator();
    assert.deepEqual(await validator.validate(structuredClone(document) as unknown as Record<string, unknown>), {
      valid: true,
    });
    assert.match(document.openapi, /^3\.1\./);
    const names = [...schemas.operations.values()].map(({ operationId }) => operationId);
    assert.equal(new Set(names).size, names.length);
    for (const { responses, requestBody } of schemas.operations.values()) {
      const content = [requestBody, ...Object.values(responses)].flatMap((one) => Object.values(one?.content ?? {}));
      for (const { schema } of content) schemas.problem(schema, null);
    }
  });

  await t.test("its examples are what its schemas take", () => {
    for (const [name, { requestBody, responses }] of schemas.operations) {
      const content = [requestBody, ...Object.values(responses)].flatMap((one) => Object.values(one?.content ?? {}));
      for (const { schema, example } of content) {
        if (example !== undefined)
          assert.equal(schemas.problem(schema, example, { closed: true }), null, `the example of ${name}`);
      }
    }
  });

  await t.test("every route answers what it says", async () => {
    const client = checkedClient(engine.server, schemas);
    const [project] = await engine.database.query({ name: "project_ref", text: "select ref from project", values: [] });
    const ref = String(project?.ref);
    const runs = await makeRuns(client, engine);
    await callRuns(client, runs);
    await callBatches(client);
    await callControl(client, runs);
    await callResources(client);
    await callProject(client, ref);
    await callPackets(client, runs, engine.server.apiUrl);
    await callRealtime(client, runs);
    await callPeople(client, ref);
    await callDevSession(client, ref);
    await callRefusals(client);
    const missed = [...schemas.operations.keys()].filter(
      (name) => !client.called.has(name) && !withoutSuccess.has(name) && !isOfDevSession(name),
    );
    assert.deepEqual(missed, [], "a route that nothing here calls: add a call of it");
  });
});

interface Runs {
  readonly done: string;
  readonly failed: string;
  readonly delayed: string;
  readonly batch: string;
  /** An answer to the retrieval of the first one. */
  readonly parent: string;
}

async function makeRuns(client: CheckedClient, { api }: EngineStage): Promise<Runs> {
  const trigger = async (taskId: string, payload: unknown, options: Readonly<Record<string, unknown>> = {}) =>
    String(
      (await client.call("POST /api/v1/tasks/{taskId}/trigger", { params: { taskId }, body: { payload, options } })).id,
    );
  const delayed = await trigger("echo", { n: 1 }, { delay: "1h", ttl: "2h", tags: ["later"], metadata: { step: 1 } });
  const done = await trigger("echo", { n: 2 }, { idempotencyKey: "once", tags: "mine" });
  const failed = await trigger("failing", {}, { maxAttempts: 2 });
  const parent = await trigger("parent", { payload: 1 });
  const batch = String(
    (await client.call("POST /api/v3/batches", { status: 202, body: { runCount: 2, taskIdentifiers: ["echo"] } })).id,
  );
  const lines = [0, 1].map((index) => JSON.stringify({ index, task: "echo", payload: index })).join("\n");
  const items = { params: { batchId: batch }, body: lines, contentType: "application/x-ndjson" };
  await client.call("POST /api/v3/batches/{batchId}/items", items);
  for (const id of [done, failed, parent]) await api.untilFinished(id);
  return { delayed, done, failed, batch, parent };
}

async function callRuns(client: CheckedClient, { done, failed, delayed, parent }: Runs): Promise<void> {
  for (const runId of [done, failed, delayed, parent]) {
    await client.call("GET /api/v3/runs/{runId}", { params: { runId } });
    await client.call("GET /api/v1/runs/{runId}/events", { params: { runId } });
    await client.call("GET /api/v1/runs/{runId}/explain", { params: { runId } });
    await client.call("GET /api/v1/runs/{runId}/metadata", { params: { runId } });
    await client.call("GET /api/v1/runs/{runId}/trace", { params: { runId } });
    await client.call("GET /api/v1/runs/{runId}/trace", { params: { runId }, query: { "page[size]": "1" } });
    const result = { params: { runId }, ...(runId === delayed ? { status: 404 } : {}) };
    await client.call("GET /api/v1/runs/{runId}/result", result);
  }
  const { trace } = (await client.call("GET /api/v1/runs/{runId}/trace", { params: { runId: failed } })) as never as {
    trace: { rootSpan: { id: string } };
  };
  await client.call("GET /api/v1/runs/{runId}/spans/{spanId}", {
    params: { runId: failed, spanId: trace.rootSpan.id },
  });
  await client.call("GET /api/v1/runs", {
    query: {
      "filter[status]": "COMPLETED,FAILED,DELAYED",
      "filter[createdAt][period]": "1d",
      "filter[isTest]": "false",
      "page[size]": "2",
    },
  });
}

async function callBatches(client: CheckedClient): Promise<void> {
  const key = { runCount: 1, idempotencyKey: "batch" };
  const { id } = await client.call("POST /api/v3/batches", { status: 202, body: key });
  const params = { batchId: String(id) };
  const contentType = "application/x-ndjson";
  await client.call("POST /api/v3/batches/{batchId}/items", { params, contentType, body: "" });
  const line = JSON.stringify({ index: 0, task: "echo", options: { ttl: "nonsense" } });
  await client.call("POST /api/v3/batches/{batchId}/items", { params, contentType, body: line, status: 200 });
  await client.call("GET /api/v2/batches/{batchId}", { params });
  await client.call("GET /api/v1/batches/{batchId}", { params });
  await client.call("GET /api/v1/batches/{batchId}/results", { params });
}

async function callControl(client: CheckedClient, { delayed, done }: Runs): Promise<void> {
  const params = { runId: delayed };
  await client.call("POST /api/v1/runs/{runId}/tags", { params, body: { tags: ["more"] } });
  const operations = [{ type: "increment", key: "step", value: 2 }];
  await client.call("PUT /api/v1/runs/{runId}/metadata", { params, body: { operations, parentOperations: null } });
  await client.call("POST /api/v1/runs/{runId}/reschedule", { params, body: { delay: "2h" } });
  await client.call("POST /api/v1/runs/{runId}/replay", { params: { runId: done } });
  await client.call("POST /api/v2/runs/{runId}/cancel", { params });
  await client.call("POST /api/v1/idempotencyKeys/{key}/reset", {
    params: { key: "once" },
    body: { taskIdentifier: "echo" },
  });
  const dry = { action: "cancel", filter: { status: ["DELAYED"] }, dryRun: true };
  await client.call("POST /api/v1/bulk-actions", { body: dry });
  const bulk = { action: "cancel", name: "all of them", runIds: [done] };
  const { id } = await client.call("POST /api/v1/bulk-actions", { body: bulk, status: 202 });
  const action = { params: { bulkActionId: String(id) } };
  await until("the bulk action is over", async () => {
    const { status } = await client.call("GET /api/v1/bulk-actions/{bulkActionId}", action);
    return status === "COMPLETED" ? true : null;
  });
  await client.call("POST /api/v1/bulk-actions/{bulkActionId}/abort", action);
  await client.call("GET /api/v1/bulk-actions", { query: { "page[size]": "1" } });
}

async function callResources(client: CheckedClient): Promise<void> {
  await callTokens(client);
  await callQueues(client);
  await callSchedules(client);
  await client.call("GET /api/v1/deployments", { query: { status: "DEPLOYED", period: "1d" } });
  await client.call("GET /api/v1/deployments/current");
  await client.call("POST /api/v1/auth/jwt/claims");
  const scopes = { scopes: ["read:runs"], expirationTime: "1h", oneTimeUse: null };
  await client.call("POST /api/v1/auth/public-tokens", { body: scopes });
  await client.call("GET /healthz", { key: null });
  await client.call("GET /api/openapi.json", { key: null });
  await client.call("GET /api/v1/doctor");
}

async function callTokens(client: CheckedClient): Promise<void> {
  const body = { timeout: "1h", tags: "t", idempotencyKey: "k", idempotencyKeyTTL: "1h" };
  const { id } = await client.call("POST /api/v1/waitpoints/tokens", { body });
  const { id: other, url } = await client.call("POST /api/v1/waitpoints/tokens", { body: {} });
  const params = { tokenId: String(id) };
  await client.call("GET /api/v1/waitpoints/tokens/{tokenId}", { params });
  await client.call("POST /api/v1/waitpoints/tokens/{tokenId}/complete", { params, body: { data: { ok: true } } });
  await client.call("GET /api/v1/waitpoints/tokens/{tokenId}", { params });
  const hash = String(url).split("/").at(-1) ?? "";
  const callback = { params: { tokenId: String(other), hash }, key: null, body: [1] };
  await client.call("POST /api/v1/waitpoints/tokens/{tokenId}/callback/{hash}", callback);
  const query = { "filter[status]": "COMPLETED", "filter[createdAt][period]": "1d", "page[size]": "1" };
  await client.call("GET /api/v1/waitpoints/tokens", { query });
}

async function callQueues(client: CheckedClient): Promise<void> {
  const params = { queue: "echo" };
  const type = "task";
  await client.call("GET /api/v1/queues", { query: { perPage: "2" } });
  await client.call("GET /api/v1/queues/{queue}", { params, query: { type } });
  const post = (verb: string, body: object = {}) =>
    client.call(`POST /api/v1/queues/{queue}/${verb}`, { params, body: { type, ...body } });
  await post("pause", { action: "pause" });
  await post("concurrency/override", { concurrencyLimit: 3 });
  await post("rate-limit/override", { rateLimit: { limit: 10, period: "1m", burst: null }, combinedRateLimit: null });
  await post("rate-limit/reset");
  await post("concurrency/reset");
  await post("pause", { action: "resume" });
}

async function callSchedules(client: CheckedClient): Promise<void> {
  const rule = { task: "scheduled", cron: "0 7 * * *", timezone: null, window: "30m" };
  const { id } = await client.call("POST /api/v1/schedules", { body: { ...rule, deduplicationKey: "daily" } });
  const params = { scheduleId: String(id) };
  await client.call("GET /api/v1/schedules", { query: { perPage: "1" } });
  await client.call("GET /api/v1/schedules/{scheduleId}", { params });
  await client.call("PUT /api/v1/schedules/{scheduleId}", { params, body: { ...rule, externalId: "e" } });
  await client.call("POST /api/v1/schedules/{scheduleId}/deactivate", { params });
  await client.call("POST /api/v1/schedules/{scheduleId}/activate", { params });
  await client.call("DELETE /api/v1/schedules/{scheduleId}", { params });
  await client.call("GET /api/v1/timezones", { key: null, query: { excludeUtc: "true" } });
}

async function callProject(client: CheckedClient, ref: string): Promise<void> {
  const project = { ref, slug: "dev" };
  const base = "/api/v1/projects/{ref}/envvars";
  const name = { ...project, name: "MAIL_HOST" };
  await client.call(`POST ${base}/{slug}`, {
    params: project,
    body: { name: "MAIL_HOST", value: "a", isSecret: true },
  });
  await client.call(`POST ${base}/{slug}/import`, { params: project, body: { variables: { B: "1" }, override: true } });
  await client.call(`GET ${base}/{slug}/{name}`, { params: name });
  await client.call(`PUT ${base}/{slug}/{name}`, { params: name, body: { value: "b" } });
  await client.call(`GET ${base}/{slug}`, { params: project });
  await client.call(`GET ${base}`, { params: project });
  await client.call(`DELETE ${base}/{slug}/{name}`, { params: name });
  const environment = { projectRef: ref, environment: "dev" };
  await client.call("POST /api/v1/projects/{projectRef}/{environment}/pause", { params: environment });
  await client.call("POST /api/v1/projects/{projectRef}/{environment}/resume", { params: environment });
}

async function callPackets(client: CheckedClient, { done }: Runs, apiUrl: string): Promise<void> {
  const params = { path: "run_1/output.json" };
  const blob = async (method: string, presignedUrl: unknown, body?: string) => {
    const { pathname, searchParams, origin } = new URL(String(presignedUrl));
    assert.equal(origin, apiUrl);
    const [, , environmentId = "", path = ""] = pathname.split("/");
    await client.call(`${method} /blobs/{environmentId}/{path}`, {
      params: { environmentId, path: decodeURIComponent(path) },
      query: Object.fromEntries(searchParams),
      key: null,
      ...(body === undefined ? {} : { body }),
    });
  };
  const sent = await client.call("PUT /api/v2/packets/{path}", { params });
  await blob("PUT", sent.presignedUrl, '{"a":1}');
  await blob("GET", (await client.call("GET /api/v1/packets/{path}", { params })).presignedUrl);
  for (const packet of ["payload", "output"]) {
    const { presignedUrl } = await client.call(`GET /api/v1/runs/{runId}/packets/${packet}`, {
      params: { runId: done },
    });
    await blob("GET", presignedUrl);
  }
}

async function callRealtime(client: CheckedClient, { done, delayed, batch }: Runs): Promise<void> {
  await client.call("GET /realtime/v1/runs/{runId}", { params: { runId: done }, query: { offset: "-1" } });
  await client.call("GET /realtime/v1/runs", { query: { tags: "mine", createdAt: "1h", skipColumns: "payload" } });
  await client.call("GET /realtime/v1/batches/{batchId}", { params: { batchId: batch } });
  const { id } = await client.call("POST /api/v1/tasks/{taskId}/trigger", {
    params: { taskId: "echo" },
    body: { options: { delay: "1h" } },
  });
  const params = { runId: String(id), streamId: "lines" };
  const own = "/realtime/v1/streams/{runId}/self/{streamId}";
  await client.call(`PUT ${own}`, { params, status: 202 });
  await client.call(`POST ${own}`, { params, body: '"a"\n"b"\n', headers: { "x-client-id": "c" } });
  await client.call(`HEAD ${own}`, { params, headers: { "x-client-id": "c" } });
  await client.call(`POST ${own}/append`, { params, body: "c" });
  const ended = { params: { runId: done, streamId: "lines" } };
  await client.call("GET /realtime/v1/streams/{runId}/{streamId}", ended);
  await client.call("GET /realtime/v1/streams/{runId}/input/{streamId}", ended);
  await client.call("POST /realtime/v1/streams/{runId}/input/{streamId}", {
    params,
    body: { data: { approved: true } },
  });
  const wait = { params: { runId: params.runId }, body: { streamId: "approval", timeout: "1h", tags: null } };
  await client.call("POST /api/v1/runs/{runId}/input-streams/wait", wait);
  await client.call("GET /api/v3/runs/{runId}", { params: { runId: delayed } });
}

async function callPeople(client: CheckedClient, ref: string): Promise<void> {
  const { id, token } = await client.call("POST /api/v1/personal-tokens", { body: { name: "laptop" } });
  const key = String(token);
  await client.call("GET /api/v1/personal-tokens");
  await client.call("GET /api/v2/whoami", { key, query: { projectRef: ref } });
  await client.call("GET /api/v1/platform-notifications", { key });
  await client.call("GET /api/v1/projects/runtimes", { key });
  await client.call("GET /api/v1/projects/{ref}", { key, params: { ref } });
  await client.call("GET /api/v1/projects/{ref}/{slug}", { key, params: { ref, slug: "dev" } });
  await client.call("GET /api/v1/projects/{ref}/dev-status", { key, params: { ref } });
  await client.call("GET /api/v1/projects/{ref}/runs", {
    key,
    params: { ref },
    query: { "page[size]": "2" },
  });
  await client.call("POST /api/v1/projects/{ref}/branches", { key, params: { ref }, status: 422 });
  const metadata = { contentHash: "0123456789abcdef", tasks: [{ id: "echo", filePath: "trigger/echo.ts" }] };
  await client.call("POST /api/v1/projects/{ref}/background-workers", {
    params: { ref },
    body: { metadata },
  });
  await client.call("DELETE /api/v1/personal-tokens/{tokenId}", { params: { tokenId: String(id) } });
  const challenge = { codeChallenge: "x".repeat(43), codeChallengeMethod: "S256" };
  await client.call("POST /api/v1/authorization-code", { key: null, body: challenge });
  const redeemed = { authorizationCode: "none", codeVerifier: "x", approvalCode: "y" };
  await client.call("POST /api/v1/token", { key: null, body: redeemed, status: 404 });
}

async function callDevSession(client: CheckedClient, ref: string): Promise<void> {
  const metadata = { contentHash: "fedcba9876543210", tasks: [{ id: "parent", filePath: "trigger/parent.ts" }] };
  const built = await client.call("POST /api/v1/projects/{ref}/background-workers", {
    params: { ref },
    body: { metadata },
  });
  const trigger = { params: { taskId: "parent" }, body: { options: { tags: ["dev"], metadata: { a: 1 } } } };
  const runId = String((await client.call("POST /api/v1/tasks/{taskId}/trigger", trigger)).id);
  const offered = await until("an offer", async () => {
    const body = { currentWorker: String(built.id) };
    const { dequeuedMessages } = (await client.call("POST /engine/v1/dev/dequeue", { body })) as never as {
      dequeuedMessages: { run: { id: string }; snapshot: { id: string } }[];
    };
    return dequeuedMessages.find(({ run }) => run.id === runId);
  });
  const params = { runId, snapshotId: offered.snapshot.id };
  const snapshot = "/engine/v1/dev/runs/{runId}/snapshots/{snapshotId}";
  await client.call(`POST ${snapshot}/attempts/start`, { params, body: { isWarmStart: false } });
  await client.call(`POST ${snapshot}/heartbeat`, { params, body: { cpu: 0, memory: 0 } });
  await client.call("POST /engine/v1/dev/runs/{runId}/logs/debug", { params: { runId }, body: { message: "m" } });
  const { id: tokenId } = await client.call("POST /api/v1/waitpoints/tokens", { body: {} });
  await client.call("POST /api/v1/waitpoints/tokens/{tokenId}/complete", {
    params: { tokenId: String(tokenId) },
    body: { data: 1 },
  });
  await client.call("POST /engine/v1/runs/{runId}/waitpoints/tokens/{tokenId}/wait", {
    params: { runId, tokenId: String(tokenId) },
  });
  await client.call("GET /engine/v1/dev/runs/{runId}/snapshots/latest", { params: { runId } });
  const date = new Date(Date.now() + 3_600_000).toISOString();
  await client.call("POST /engine/v1/runs/{runId}/wait/duration", { params: { runId }, body: { date } });
  const completion = { ok: true, output: "1", outputType: "application/json", usage: { durationMs: 1 } };
  await client.call(`POST ${snapshot}/attempts/complete`, { params, body: { completion } });
  await client.call("POST /engine/v1/dev/disconnect", { body: { runFriendlyIds: [runId] } });
}

async function callRefusals(client: CheckedClient): Promise<void> {
  const trigger = { params: { taskId: "echo" } };
  const name = "POST /api/v1/tasks/{taskId}/trigger";
  await client.call(name, { ...trigger, body: '{"options":{"tags":7}}', status: 400 });
  await client.call(name, { ...trigger, body: "{", status: 400 });
  await client.call(name, { ...trigger, key: null, status: 401 });
  await client.call(name, { ...trigger, body: { options: { lockToVersion: "20200101.1" } }, status: 422 });
  const claims = await client.call("POST /api/v1/auth/public-tokens", { body: { scopes: ["read:tags:none"] } });
  const run = { params: { runId: `run_${"0".repeat(26)}` } };
  await client.call("GET /api/v3/runs/{runId}", { ...run, key: String(claims.token), status: 403 });
  await client.call("GET /api/v3/runs/{runId}", { ...run, status: 404 });
}
