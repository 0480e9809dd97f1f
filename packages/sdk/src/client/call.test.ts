import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import * as errors from "../errors/api-error.ts";
import { type ProtocolServer, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { callApi } from "./call.ts";
import { configure } from "./client-settings.ts";

const quick = { maxAttempts: 5, minTimeoutInMs: 1, maxTimeoutInMs: 2 };
const call = { method: "POST", path: "/api/v1/tasks/t/trigger", body: "{}", options: { retry: quick } } as const;

async function serve(t: { after(body: () => unknown): void }, ...replies: Reply[]): Promise<ProtocolServer> {
  const server = await startProtocolServer((_request, index) => replies[Math.min(index, replies.length - 1)] ?? {});
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: `${server.url}/` });
  return server;
}

beforeEach(() => configure({}));

test("sends the headers of the protocol", async (t) => {
  const server = await serve(t, { body: { id: "run_1" } });
  configure({ secretKey: "tr_dev_key", baseURL: server.url, previewBranch: "feature" });
  assert.deepEqual((await callApi(call)).body, { id: "run_1" });
  const headers = server.requests[0]?.headers ?? {};
  assert.equal(headers.authorization, "Bearer tr_dev_key");
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers["x-trigger-source"], "sdk");
  assert.equal(headers["x-trigger-api-version"], "2025-07-16");
  assert.equal(headers["x-trigger-branch"], "feature");
  assert.match(String(headers["trigger-version"]), /^\d+\.\d+\.\d+$/);
  assert.match(String(headers["x-trigger-request-idempotency-key"]), /^[0-9a-f-]{36}$/);
});

test("repetitions carry the key of their call, other calls another", async (t) => {
  const server = await serve(t, { status: 503 }, "hang up", { status: 500 }, { body: {} });
  await callApi(call);
  await callApi(call);
  const keys = server.requests.map((request) => request.headers["x-trigger-request-idempotency-key"]);
  assert.equal(keys.length, 5);
  assert.equal(new Set(keys.slice(0, 4)).size, 1);
  assert.notEqual(keys[4], keys[0]);
});

const statuses: readonly [status: number, attempts: number, errorClass: typeof errors.ApiError][] = [
  [400, 1, errors.BadRequestError],
  [401, 1, errors.AuthenticationError],
  [403, 1, errors.PermissionDeniedError],
  [404, 1, errors.NotFoundError],
  [408, 5, errors.ApiError],
  [409, 5, errors.ConflictError],
  [413, 1, errors.ApiError],
  [422, 1, errors.UnprocessableEntityError],
  [429, 5, errors.RateLimitError],
  [500, 5, errors.InternalServerError],
  [503, 5, errors.InternalServerError],
];

for (const [status, attempts, errorClass] of statuses) {
  test(`${status}: ${attempts} attempt(s), ${errorClass.name}`, async (t) => {
    const server = await serve(t, { status, body: { error: "It is so", code: "a_code", param: "payload" } });
    const error = await callApi(call).catch((error: unknown) => error);
    assert.ok(error instanceof errorClass && error instanceof errors.ApiError);
    assert.equal(error.name, "TriggerApiError");
    assert.equal(error.message, `${status} It is so`);
    assert.deepEqual([error.status, error.code, error.param], [status, "a_code", "payload"]);
    assert.equal(server.requests.length, attempts);
  });
}

test("x-should-retry wins over the status", async (t) => {
  const tried = await serve(t, { status: 404, headers: { "x-should-retry": "true" } });
  await assert.rejects(callApi(call), errors.NotFoundError);
  assert.equal(tried.requests.length, 5);
  const once = await serve(t, { status: 500, headers: { "x-should-retry": "false" } });
  await assert.rejects(callApi(call), errors.InternalServerError);
  assert.equal(once.requests.length, 1);
});

test("an error body may be an object, or no JSON at all", async (t) => {
  await serve(t, { status: 400, body: { error: { message: "Nested", code: "deep" } } });
  await assert.rejects(callApi(call), { message: "400 Nested", code: "deep" });
  await serve(t, { status: 400, body: "<html>" });
  await assert.rejects(callApi(call), { message: "400 <html>" });
});

test("a success without JSON is not tried again", async (t) => {
  const server = await serve(t, { body: "<html>" });
  await assert.rejects(callApi(call), errors.ApiSchemaValidationError);
  assert.equal(server.requests.length, 1);
});

test("a server that can't be reached gives ApiConnectionError without a status", async (t) => {
  const server = await serve(t, {});
  await server.close();
  const error = await callApi(call).catch((error: unknown) => error);
  assert.ok(error instanceof errors.ApiConnectionError);
  assert.equal(error.status, undefined);
  assert.match(error.message, /ECONNREFUSED/);
});

test("a key that would break out of its header is refused", async (t) => {
  const server = await serve(t, {});
  configure({ secretKey: "a\r\nx-evil: 1", baseURL: server.url });
  await assert.rejects(callApi(call), errors.ApiClientMissingError);
  assert.equal(server.requests.length, 0);
});
