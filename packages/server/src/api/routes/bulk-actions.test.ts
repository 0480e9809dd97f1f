import assert from "node:assert/strict";
import { test } from "node:test";
import { requestKeyHeader } from "@pawl/contract/api/headers";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { call, manifestOf, type StartedApi, startApi } from "../fixtures/started-api.ts";

const path = "/api/v1/bulk-actions";

async function triggered(api: StartedApi, options: Record<string, unknown> = {}): Promise<string> {
  return (await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { options } })).body.id;
}

/** Makes an action, and gives it once it is over. */
async function done(api: StartedApi, body: unknown) {
  const made = await call(api, "POST", path, { body });
  assert.equal(made.status, 202, JSON.stringify(made.body));
  for (;;) {
    const { status, body: action } = await call(api, "GET", `${path}/${made.body.id}`);
    assert.equal(status, 200);
    if (action.status !== "PENDING") return action;
  }
}

const statusOf = async (api: StartedApi, id: string) => (await call(api, "GET", `/api/v3/runs/${id}`)).body.status;

test("cancels what matches, says how far it is, and lists what it touched", async (t) => {
  const api = await startApi(t);
  const mine = [await triggered(api, { tags: ["mine"] }), await triggered(api, { tags: ["mine", "x"] })];
  const other = await triggered(api);
  const action = await done(api, { action: "cancel", name: "clean up", filter: { tag: "mine", period: "1h" } });
  const { id, createdAt, completedAt, ...rest } = action;
  assert.match(id, /^bulk_/);
  assert.ok(completedAt >= createdAt);
  assert.deepEqual(rest, {
    name: "clean up",
    type: "CANCEL",
    status: "COMPLETED",
    counts: { total: 2, success: 2, failure: 0 },
  });
  for (const runId of mine) assert.equal(await statusOf(api, runId), "CANCELED");
  assert.equal(await statusOf(api, other), "PENDING_VERSION");
  const touched = await call(api, "GET", `/api/v1/runs?filter[bulkAction]=${id}`);
  assert.deepEqual(
    touched.body.data.map((run: { id: string }) => run.id),
    [...mine].reverse(),
  );
  assert.deepEqual(api.bugs, []);
});

test("replays runs by their ids, on the current version", async (t) => {
  const api = await startApi(t);
  const runId = await triggered(api, { tags: ["mine"] });
  const unknown = toPublicId("run", newUuid());
  const action = await done(api, { action: "replay", runIds: [runId, unknown, runId], targetRegion: "anywhere" });
  assert.deepEqual(
    [action.type, action.name, action.counts],
    ["REPLAY", undefined, { total: 2, success: 1, failure: 1 }],
  );
  const { body } = await call(api, "GET", `/api/v1/runs?filter[bulkAction]=${action.id}`);
  assert.equal(body.data.length, 1);
  assert.deepEqual(body.data[0].tags, ["mine"]);
  assert.notEqual(body.data[0].id, runId);
});

test("a dry run counts and changes nothing", async (t) => {
  const api = await startApi(t);
  const runId = await triggered(api, { tags: ["mine"] });
  const dry = async (body: object) =>
    (await call(api, "POST", path, { body: { action: "cancel", dryRun: true, ...body } })).body;
  assert.deepEqual(await dry({ filter: { tag: ["mine", "other"] } }), { count: 1, isExact: true });
  assert.deepEqual(await dry({ filter: { status: "COMPLETED" } }), { count: 0, isExact: true });
  assert.deepEqual(await dry({ all: true }), { count: 1, isExact: true });
  assert.deepEqual(await dry({ runIds: [runId, toPublicId("run", newUuid())] }), { count: 1, isExact: true });
  assert.equal(await statusOf(api, runId), "PENDING_VERSION");
  assert.deepEqual((await call(api, "GET", path)).body.data, []);
});

test("all means all of the environment, and of no other", async (t) => {
  const api = await startApi(t);
  await call(api, "POST", "/api/v1/versions", { body: manifestOf("a") });
  const runId = await triggered(api);
  const other = await call(api, "POST", "/api/v1/tasks/a/trigger", { key: api.otherKey, body: {} });
  assert.deepEqual((await done(api, { action: "cancel", all: true })).counts, { total: 1, success: 1, failure: 0 });
  assert.equal(await statusOf(api, runId), "CANCELED");
  const { body } = await call(api, "GET", `/api/v3/runs/${other.body.id}`, { key: api.otherKey });
  assert.equal(body.status, "PENDING_VERSION");
});

test("a repeated call makes one action", async (t) => {
  const api = await startApi(t);
  await triggered(api);
  const body = { action: "replay", all: true };
  const headers = { [requestKeyHeader]: "once" };
  const [first, second] = [
    await call(api, "POST", path, { body, headers }),
    await call(api, "POST", path, { body, headers }),
  ];
  assert.deepEqual(first.body, second.body);
  assert.equal((await call(api, "GET", path)).body.data.length, 1);
});

test("actions are listed in pages, retrieved and aborted within their environment", async (t) => {
  const api = await startApi(t);
  const ids: string[] = [];
  for (let times = 0; times < 3; times++) ids.unshift((await done(api, { action: "cancel", all: true })).id);
  const page = async (query: string) => {
    const { body } = await call(api, "GET", `${path}?page[size]=2${query}`);
    return [body.data.map(({ id }: { id: string }) => ids.indexOf(id)), body.pagination] as const;
  };
  const [first, pagination] = await page("");
  assert.deepEqual(first, [0, 1]);
  assert.equal(pagination.previous, undefined);
  const [second, last] = await page(`&page[after]=${pagination.next}`);
  assert.deepEqual(second, [2]);
  assert.equal(last.next, undefined);
  assert.deepEqual((await page(`&page[before]=${last.previous}`))[0], [0, 1]);
  const [id] = ids;
  assert.deepEqual((await call(api, "POST", `${path}/${id}/abort`)).body, { id });
  assert.equal((await call(api, "GET", `${path}/${id}`)).body.status, "COMPLETED", "it was over");
  for (const answer of [
    await call(api, "GET", `${path}/${id}`, { key: api.otherKey }),
    await call(api, "POST", `${path}/${id}/abort`, { key: api.otherKey }),
    await call(api, "GET", `${path}/bulk_x`),
    await call(api, "POST", `${path}/${toPublicId("bulk", newUuid())}/abort`),
  ]) {
    assert.equal(answer.status, 404);
    assert.match(answer.body.error, /^There is no bulk action bulk_/);
  }
  assert.deepEqual((await call(api, "GET", path, { key: api.otherKey })).body.data, []);
  assert.equal((await call(api, "GET", `${path}?page[size]=0`)).status, 400);
});

test("says what is wrong with a call", async (t) => {
  const api = await startApi(t);
  const cases: readonly [unknown, number, string, RegExp][] = [
    [{}, 400, "action", /must be cancel or replay/],
    [{ action: "delete", all: true }, 400, "action", /must be cancel or replay/],
    [{ action: "cancel" }, 400, "body", /say which runs: give filter, runIds, or all: true/],
    [{ action: "cancel", filter: {} }, 400, "filter", /names no condition. Give one, or all: true/],
    [{ action: "cancel", filter: { tag: "a" }, runIds: ["run_1"] }, 400, "runIds", /give filter or runIds, not both/],
    [{ action: "cancel", runIds: ["run_1"], all: true }, 400, "all", /give runIds or all, not both/],
    [{ action: "cancel", all: false }, 400, "all", /must be true or absent/],
    [{ action: "cancel", runIds: [] }, 400, "runIds", /must name a run/],
    [{ action: "cancel", runIds: ["nope"] }, 400, "runIds.0", /nope is no id of a run/],
    [{ action: "cancel", runIds: Array(10_001).fill("x") }, 400, "runIds", /10,000 runs at most; use a filter/],
    [{ action: "cancel", filter: { state: "x" } }, 400, "filter.state", /is no field of this call/],
    [{ action: "cancel", filter: { status: "DONE" } }, 400, "filter.status", /must be one of .*QUEUED/],
    [{ action: "cancel", filter: { tag: [] } }, 400, "filter.tag", /must have an element/],
    [{ action: "cancel", filter: { tag: "a\0" } }, 422, "filter.tag", /NUL/],
    [{ action: "cancel", filter: { queue: 1 } }, 400, "filter.queue", /must be the name of a queue/],
    [{ action: "cancel", filter: { machine: "huge" } }, 400, "filter.machine", /must be one of micro/],
    [{ action: "cancel", filter: { batch: "b" } }, 400, "filter.batch", /b is no id of a batch/],
    [{ action: "cancel", filter: { schedule: "s" } }, 400, "filter.schedule", /s is no id of a schedule/],
    [{ action: "cancel", filter: { bulkAction: "k" } }, 400, "filter.bulkAction", /k is no id of a bulk action/],
    [{ action: "cancel", filter: { from: "soon" } }, 400, "filter.from", /is no time/],
    [{ action: "cancel", filter: { period: "soon" } }, 400, "filter.period", /"soon" is no duration. Write it like 7d/],
    [{ action: "cancel", all: true, name: "" }, 400, "name", /1 to 255 characters/],
    [{ action: "cancel", all: true, name: "a\0" }, 422, "name", /NUL/],
    [{ action: "cancel", all: true, targetRegion: "x" }, 400, "targetRegion", /is for replays only/],
    [{ action: "cancel", all: true, dryRun: "yes" }, 400, "dryRun", /must be true or false/],
  ];
  for (const [body, status, param, message] of cases) {
    const answer = await call(api, "POST", path, { body });
    assert.equal(answer.status, status, JSON.stringify(body));
    assert.equal(answer.body.param, param, JSON.stringify(body));
    assert.match(answer.body.error, message);
  }
  const body = { action: "replay", all: true, targetRegion: "mars" };
  const answer = await call(api, "POST", path, { key: api.otherKey, body });
  assert.equal(answer.status, 422);
  assert.match(answer.body.error, /targetRegion: there is no region "mars"/);
  assert.deepEqual((await call(api, "GET", path)).body.data, []);
});
