import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiClient, ApiError, UnprocessableEntityError } from "@trigger.dev/core/v3";
import { runs, tasks } from "@trigger.dev/sdk";
import { openForClient } from "./client.ts";

const often = { pollIntervalMs: 25 };

test("the calls that the published client makes for code of runs, and for itself", async (t) => {
  const { server } = await openForClient(t);
  const client = new ApiClient(server.apiUrl, server.secretKey, undefined, { retry: { maxAttempts: 1 } });
  const handle = await tasks.trigger("echo", { at: new Date(0) }, { metadata: { step: 1 }, tags: ["first"] });

  await t.test("tags and metadata", async () => {
    const added = await client.addTags(handle.id, { tags: ["second", "first"] });
    assert.equal(typeof added.message, "string");
    assert.deepEqual((await runs.retrieve(handle.id)).tags, ["first", "second"]);
    const tooMany = Array.from({ length: 9 }, (_, i) => `t${i}`);
    await assert.rejects(client.addTags(handle.id, { tags: tooMany }), UnprocessableEntityError);
    const changed = await client.updateRunMetadata(handle.id, {
      operations: [
        { type: "set", key: "$.progress.done", value: 3 },
        { type: "increment", key: "step", value: 2 },
        { type: "append", key: "lines", value: "one" },
      ],
      parentOperations: [{ type: "set", key: "child", value: true }],
    });
    const expected = { step: 3, progress: { done: 3 }, lines: ["one"], child: true };
    assert.deepEqual(changed.metadata, expected);
    assert.deepEqual((await client.getRunMetadata(handle.id)).metadata, expected);
    assert.deepEqual((await client.updateRunMetadata(handle.id, { metadata: { only: 1 } })).metadata, { only: 1 });
    const large = { metadata: { text: "x".repeat(300_000) } };
    await assert.rejects(
      client.updateRunMetadata(handle.id, large),
      (error) => error instanceof ApiError && error.status === 413,
    );
  });

  await t.test("results of runs and batches", async () => {
    await runs.poll(handle, often);
    const result = await client.getRunResult(handle.id);
    assert.ok(result?.ok === true && result.taskIdentifier === "echo");
    assert.deepEqual(JSON.parse(result.output ?? "").json, { at: "1970-01-01T00:00:00.000Z" });
    const delayed = await tasks.trigger("echo", 1, { delay: "1h" });
    assert.equal(await client.getRunResult(delayed.id), undefined);
    const group = await tasks.batchTrigger("failing", [{ payload: {}, options: { maxAttempts: 1 } }]);
    const [id = ""] = (await client.retrieveBatch(group.batchId)).runs;
    await runs.poll(id, often);
    const [failed] = (await client.getBatchResults(group.batchId))?.items ?? [];
    assert.ok(failed?.ok === false && failed.error.type === "BUILT_IN_ERROR");
    assert.equal(failed.error.name, "RangeError");
    assert.ok(Array.isArray((await client.listRunEvents(id)).events));
  });

  await t.test("the trace of a run, as a tree, in pages, and a span of it", async () => {
    const { id } = await tasks.trigger("failing", { times: 1 }, { maxAttempts: 2 });
    await runs.poll(id, often);
    const { rootSpan } = (await client.retrieveRunTrace(id)).trace;
    assert.deepEqual([rootSpan.runId, rootSpan.data.message, rootSpan.data.isError], [id, "failing", false]);
    const attempts = rootSpan.children.map(({ data }) => [data.message, data.isError]);
    assert.deepEqual(attempts, [
      ["Attempt 1", true],
      ["Attempt 2", false],
    ]);
    const first = await client.retrieveRunTracePage(id, { limit: 2 });
    assert.deepEqual([first.data.length, first.attemptFailures.map((failure) => failure.attemptNumber)], [2, [1]]);
    const next = await client.retrieveRunTracePage(id, { limit: 2, after: first.pagination.next ?? "" });
    assert.deepEqual([next.data.map(({ message }) => message), next.pagination.next], [["Attempt 2"], undefined]);
    const span = await client.retrieveSpan(id, rootSpan.children[0]?.id ?? "");
    assert.deepEqual([span.parentId, span.message, span.isError], [rootSpan.id, "Attempt 1", true]);
  });

  await t.test("packets", async () => {
    const address = await client.createUploadPayloadUrl("run_1-1/output.json");
    assert.equal(address.storagePath, "run_1-1/output.json");
    const headers = { "content-type": "application/json" };
    await fetch(address.presignedUrl, { method: "PUT", headers, body: '{"a":1}' });
    const { presignedUrl } = await client.getPayloadUrl("run_1-1/output.json");
    assert.deepEqual(await (await fetch(presignedUrl)).json(), { a: 1 });
  });

  await t.test("public tokens that the server signs", async () => {
    const { token } = await client.createPublicToken({ scopes: [`read:runs:${handle.id}`], expirationTime: "1h" });
    const reader = new ApiClient(server.apiUrl, token);
    assert.equal((await reader.retrieveRun(handle.id)).id, handle.id);
    const claims = await client.generateJWTClaims();
    assert.equal(claims.pub, true);
  });

  await t.test("routes that are not there, once", async () => {
    const headers = { authorization: `Bearer ${server.secretKey}`, "content-type": "application/json" };
    for (const [method, path] of notOffered) {
      const answer = await fetch(`${server.apiUrl}${path}`, { method, headers });
      const { error, code } = (await answer.json()) as { error: string; code: string };
      assert.deepEqual([answer.status, answer.headers.get("x-should-retry"), code], [404, "false", "not_found"], path);
      assert.match(error, /There is no route/);
    }
  });
});

const notOffered: readonly (readonly [method: string, path: string])[] = [
  ["GET", "/api/v1/concurrency-limits"],
  ["POST", "/api/v1/concurrency-limits/x/override"],
  ["GET", "/api/v1/sessions"],
  ["POST", "/api/v1/sessions"],
  ["GET", "/api/v1/prompts"],
  ["DELETE", "/api/v1/prompts/x/override"],
  ["POST", "/api/v1/query"],
  ["GET", "/api/v1/query/dashboards"],
  ["GET", "/api/v1/reports/x?format=json"],
  ["GET", "/api/v1/webhooks/endpoints"],
  ["POST", "/api/v1/auth/oidc/token"],
  ["POST", "/api/v2/tasks/batch"],
];
