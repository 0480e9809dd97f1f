import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { call, manifestOf, type StartedApi, startApi } from "../fixtures/started-api.ts";

async function trigger(api: StartedApi, taskId: string): Promise<string> {
  return (await call(api, "POST", `/api/v1/tasks/${taskId}/trigger`, { body: { payload: 1 } })).body.id;
}

interface Page {
  readonly ids: readonly string[];
  readonly pagination: { readonly next?: string; readonly previous?: string };
}

async function list(api: StartedApi, query: Record<string, string | undefined>): Promise<Page> {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { status, body } = await call(api, "GET", `/api/v1/runs?${new URLSearchParams(given)}`);
  assert.equal(status, 200, JSON.stringify(body));
  return { ids: body.data.map((run: { id: string }) => run.id), pagination: body.pagination };
}

test("a run that waits says why, and its fields are as published clients expect", async (t) => {
  const api = await startApi(t);
  const id = await trigger(api, "x");
  const pending = (await call(api, "GET", `/api/v3/runs/${id}`)).body;
  assert.equal(pending.status, "PENDING_VERSION");
  assert.equal(
    pending.reason,
    "No version of environment dev has the task x: correct its id, or start a worker that has it.",
  );
  assert.equal(pending.isQueued, true);
  assert.equal(pending.isCompleted, false);
  for (const absent of ["startedAt", "finishedAt", "delayedUntil", "version", "output", "error", "batchId"]) {
    assert.ok(!(absent in pending), absent);
  }
  assert.deepEqual(pending.relatedRuns, { children: [] });
  assert.equal(pending.attemptCount, 0);

  await call(api, "POST", "/worker/v1/versions", { body: manifestOf("x") });
  const queued = (await call(api, "GET", `/api/v3/runs/${id}`)).body;
  assert.equal(queued.status, "QUEUED");
  assert.match(queued.reason, /No worker host is connected/);
  for (const unknown of [toPublicId("run", newUuid()), "run_x", "nonsense"]) {
    assert.equal((await call(api, "GET", `/api/v3/runs/${unknown}`)).status, 404);
  }
});

test("a list is paged in both directions", async (t) => {
  const api = await startApi(t);
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.unshift(await trigger(api, "x"));
  const at = (index: number) => ids[index] ?? "";
  const first = await list(api, { "page[size]": "2" });
  assert.deepEqual(first, { ids: ids.slice(0, 2), pagination: { next: at(1) } });
  const second = await list(api, { "page[size]": "2", "page[after]": first.pagination.next });
  assert.deepEqual(second, { ids: ids.slice(2, 4), pagination: { next: `${at(3)}.1`, previous: `${at(2)}.1` } });
  const third = await list(api, { "page[size]": "2", "page[after]": second.pagination.next });
  assert.deepEqual(third, { ids: ids.slice(4), pagination: { previous: `${at(4)}.2` } });
  const back = await list(api, { "page[size]": "2", "page[before]": third.pagination.previous });
  assert.deepEqual(back.ids, second.ids);
  // The published client goes on sending the cursor that it came by.
  const turned = {
    "page[size]": "2",
    "page[after]": second.pagination.next,
    "page[before]": third.pagination.previous,
  };
  const backAgain = await list(api, turned);
  assert.deepEqual(backAgain.ids, second.ids);
  const forth = await list(api, { ...turned, "page[after]": backAgain.pagination.next });
  assert.deepEqual(forth.ids, third.ids);
  assert.deepEqual(await list(api, {}), { ids, pagination: {} });
});

test("a list is filtered by status, task and time", async (t) => {
  const api = await startApi(t);
  await call(api, "POST", "/worker/v1/versions", { body: manifestOf("x") });
  const x = await trigger(api, "x");
  const y = await trigger(api, "y");
  assert.deepEqual((await list(api, { "filter[status]": "QUEUED" })).ids, [x]);
  assert.deepEqual((await list(api, { "filter[status]": "PENDING_VERSION,FAILED" })).ids, [y]);
  assert.deepEqual((await list(api, { "filter[status]": "" })).ids, [y, x]);
  assert.deepEqual((await list(api, { "filter[taskIdentifier]": "x,z" })).ids, [x]);
  assert.deepEqual((await list(api, { "filter[createdAt][period]": "1h" })).ids, [y, x]);
  assert.deepEqual((await list(api, { "filter[createdAt][to]": "1000" })).ids, []);
  assert.deepEqual((await list(api, { "filter[createdAt][to]": "8640000000000000" })).ids, [y, x]);
  assert.deepEqual((await list(api, { "filter[createdAt][from]": "2100-01-01" })).ids, []);
});

test("a query that makes no sense is refused by its parameter", async (t) => {
  const api = await startApi(t);
  const id = await trigger(api, "x");
  const bad: Record<string, string> = {
    "filter[status]": "DONE",
    "filter[createdAt][from]": "yesterday",
    "filter[createdAt][period]": "7",
    "filter[schedule]": "a",
    "filter[batch]": "run_x",
    "filter[isTest]": "yes",
    "page[size]": "101",
    "page[after]": "batch_x",
  };
  for (const [name, value] of Object.entries(bad)) {
    const answer = await call(api, "GET", `/api/v1/runs?${new URLSearchParams({ [name]: value })}`);
    assert.equal(answer.status, 400, name);
    assert.ok(answer.body.param.startsWith(name), `${name}: ${JSON.stringify(answer.body)}`);
  }
  const both = await call(api, "GET", `/api/v1/runs?page[after]=${id}&page[before]=${id}`);
  assert.equal(both.status, 400);
  assert.equal((await call(api, "GET", "/api/v1/runs?filter[taskIdentifier]=a%00")).status, 422);
  assert.deepEqual(api.bugs, []);
});

test("a host's logs become the events of their run", async (t) => {
  const api = await startApi(t);
  const runId = await trigger(api, "x");
  const log = { kind: "log", runId, attempt: 1, spanId: "0123456789abcdef", level: "info" };
  const atMs = Date.now();
  const records = [
    { ...log, atMs: atMs + 1, message: "second \0", attributes: '{"a":1}' },
    { ...log, atMs, message: "first", kind: "span", durationMs: 3, isError: false },
  ];
  const appended = await call(api, "POST", "/worker/v1/telemetry", { body: { records } });
  assert.deepEqual(appended.body, {});
  const { events } = (await call(api, "GET", `/api/v1/runs/${runId}/events`)).body;
  const [span, line] = events;
  assert.equal(events.length, 2);
  assert.deepEqual(
    [span.kind, span.at, span.message, span.durationMs, span.attempt],
    ["span", new Date(atMs).toISOString(), "first", 3, 1],
  );
  assert.deepEqual([line.kind, line.level, line.attributes], ["log", "info", { a: 1 }]);
  assert.match(line.message, /^second .$/);
  const bad = await call(api, "POST", "/worker/v1/telemetry", {
    body: { records: [{ ...log, runId: "x", atMs, message: "" }] },
  });
  assert.equal(bad.status, 400);
  assert.equal((await call(api, "GET", `/api/v1/runs/${toPublicId("run", newUuid())}/events`)).status, 404);
});

test("a host fetches a long payload as it was sent", async (t) => {
  const api = await startApi(t);
  const payload = `{"json":"${"é".repeat(200_000)}"}`;
  const body = { payload, options: { payloadType: "application/super+json" } };
  const { id } = (await call(api, "POST", "/api/v1/tasks/x/trigger", { body })).body;
  const headers = { authorization: `Bearer ${api.key}` };
  const response = await fetch(`${api.apiUrl}/worker/v1/runs/${id}/payload`, { headers });
  assert.equal(response.headers.get("content-type"), "application/super+json");
  assert.equal(await response.text(), payload);
});

test("two tasks with one id are refused with both files", async (t) => {
  const api = await startApi(t);
  const manifest = manifestOf("x", "x");
  const answer = await call(api, "POST", "/worker/v1/versions", {
    body: { ...manifest, tasks: manifest.tasks.map((task, index) => ({ ...task, filePath: `trigger/${index}.ts` })) },
  });
  assert.equal(answer.status, 400);
  assert.match(answer.body.error, /trigger\/0\.ts.*trigger\/1\.ts/);
});
