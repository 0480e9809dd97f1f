import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { type TestContext, test } from "node:test";
import { fromPublicId } from "@pawl/contract/ids";
import { call, manifestOf, type StartedApi, startApi } from "../fixtures/started-api.ts";

interface StreamApi extends StartedApi {
  readonly runId: string;
}

/** An API with a run that waits to be executed. */
async function start(t: TestContext): Promise<StreamApi> {
  const api = await startApi(t);
  await call(api, "POST", "/worker/v1/versions", { body: manifestOf("a") });
  const { body } = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { payload: 1 } });
  return { ...api, runId: body.id };
}

function path({ runId }: StreamApi, rest: string): string {
  return `/realtime/v1/streams/${runId}/${rest}`;
}

function write(api: StreamApi, chunks: readonly unknown[], headers: Record<string, string> = {}, key = "tokens") {
  const body = chunks.map((chunk) => `${JSON.stringify(chunk)}\n`).join("");
  return call(api, "POST", path(api, `self/${key}`), { body, headers });
}

interface WireRecord {
  readonly seq_num: number;
  readonly timestamp: number;
  readonly body: string;
}

/** Reads until the answer ends, or until so many records have come. */
async function read(
  api: StreamApi,
  rest: string,
  {
    headers = {},
    most = Number.POSITIVE_INFINITY,
    key = api.key,
    onFirst = () => {},
  }: {
    readonly headers?: Record<string, string>;
    readonly most?: number;
    readonly key?: string;
    readonly onFirst?: () => void;
  } = {},
): Promise<{ readonly records: readonly WireRecord[]; readonly headers: Headers; readonly text: string }> {
  const ending = new AbortController();
  const response = await fetch(api.apiUrl + path(api, rest), {
    headers: { authorization: `Bearer ${key}`, ...headers },
    signal: ending.signal,
  });
  assert.equal(response.status, 200);
  let text = "";
  const records: WireRecord[] = [];
  const decoder = new TextDecoder();
  assert.ok(response.body !== null);
  onFirst();
  for await (const piece of response.body) {
    text += decoder.decode(piece, { stream: true });
    const lines = text.split("\n").filter((line) => line.startsWith("data: {"));
    records.splice(0, records.length, ...lines.flatMap((line) => JSON.parse(line.slice(6)).records as WireRecord[]));
    if (records.length >= most) break;
  }
  ending.abort();
  return { records, headers: response.headers, text };
}

function chunksOf(records: readonly WireRecord[]): readonly unknown[] {
  return records.filter(({ body }) => body !== "").map(({ body }) => JSON.parse(body).data);
}

test("chunks that are written come to a reader in their order, and the stream is one of the run", async (t) => {
  const api = await start(t);
  const made = await call(api, "PUT", path(api, "self/tokens"));
  assert.deepEqual([made.status, made.body], [202, { version: "v1" }]);
  const written = await write(api, ["a", { b: 1 }, null]);
  assert.deepEqual([written.status, written.body], [200, { ok: true, lastEventId: "2" }]);
  const { records, headers } = await read(api, "tokens", { most: 3 });
  assert.deepEqual(chunksOf(records), ["a", { b: 1 }, null]);
  assert.deepEqual(
    records.map(({ seq_num }) => seq_num),
    [0, 1, 2],
  );
  assert.equal(headers.get("x-stream-version"), "v2");
  assert.match(headers.get("content-type") ?? "", /^text\/event-stream/);
  const { body: run } = await call(api, "GET", `/api/v3/runs/${api.runId}`);
  assert.deepEqual(run.realtimeStreams, ["tokens"]);
  const { body: rows } = await call(api, "GET", `/realtime/v1/runs/${api.runId}?offset=-1`);
  assert.deepEqual(rows[0].value.realtimeStreams, ["tokens"]);
});

test("a reader gets what comes while it waits, and its answer ends with the run", async (t) => {
  const api = await start(t);
  const reading = read(api, "tokens");
  await write(api, ["a"]);
  await write(api, ["b"]);
  await call(api, "POST", `/api/v2/runs/${api.runId}/cancel`);
  assert.deepEqual(chunksOf((await reading).records), ["a", "b"]);
  assert.deepEqual(chunksOf((await read(api, "tokens")).records), ["a", "b"]);
  assert.deepEqual((await read(api, "nothing")).records, []);
});

test("a reader goes on after what it knows, from a place, or from now", async (t) => {
  const api = await start(t);
  await write(api, [0, 1, 2, 3]);
  const after = await read(api, "tokens", { headers: { "last-event-id": "1" }, most: 2 });
  assert.deepEqual(chunksOf(after.records), [2, 3]);
  const reading = Promise.withResolvers<void>();
  const latest = read(api, "tokens", {
    headers: { "x-trigger-stream-start": "latest" },
    most: 2,
    onFirst: reading.resolve,
  });
  await reading.promise;
  await write(api, [4]);
  const { records } = await latest;
  assert.deepEqual(chunksOf(records), [4]);
  assert.deepEqual([records[0]?.seq_num, records[0]?.body], [3, ""]); // where it stands, should its connection break
});

test("the older format has an event for each chunk, with its time and number", async (t) => {
  const api = await start(t);
  await write(api, ["a", { b: 1 }]);
  await call(api, "POST", `/api/v2/runs/${api.runId}/cancel`);
  const { text, headers } = await read(api, "tokens", { headers: { "x-stream-version": "v1" } });
  assert.equal(headers.get("x-stream-version"), "v1");
  assert.match(text, /^id: \d{13}-0\ndata: "a"\n\nid: \d{13}-1\ndata: \{"b":1\}\n\n$/);
  const last = /id: (\d+-0)/.exec(text)?.[1] ?? "";
  assert.deepEqual(chunksOf((await read(api, "tokens", { headers: { "last-event-id": last } })).records), [{ b: 1 }]);
});

test("an answer ends when nothing has come for as long as the reader says", async (t) => {
  const api = await start(t);
  await write(api, ["a"]);
  const { records } = await read(api, "tokens", { headers: { "timeout-seconds": "1" } });
  assert.deepEqual(chunksOf(records), ["a"]);
});

test("a writer learns how far it has come, and what it sends again is stored once", async (t) => {
  const api = await start(t);
  const headers = (from: number) => ({ "x-client-id": "w1", "x-resume-from-chunk": String(from) });
  const head = () => call(api, "HEAD", path(api, "self/tokens"), { headers: { "x-client-id": "w1" } });
  assert.equal((await head()).headers.get("x-last-chunk-index"), "-1");
  await write(api, ["a", "b"], headers(0));
  assert.equal((await head()).headers.get("x-last-chunk-index"), "1");
  await write(api, ["b", "c"], headers(1));
  assert.deepEqual(chunksOf((await read(api, "tokens", { most: 3 })).records), ["a", "b", "c"]);
});

test("chunks are stored while their request is open, and what a broken one has sent stays", async (t) => {
  const api = await start(t);
  const writing = httpRequest(api.apiUrl + path(api, "self/tokens"), {
    method: "POST",
    headers: { authorization: `Bearer ${api.key}`, "x-client-id": "w1", "x-resume-from-chunk": "0" },
  });
  writing.on("error", () => undefined); // it is broken off below
  writing.write('"a"\n');
  assert.deepEqual(chunksOf((await read(api, "tokens", { most: 1 })).records), ["a"]);
  writing.write('"b"\n"half a l');
  assert.deepEqual(chunksOf((await read(api, "tokens", { most: 2 })).records), ["a", "b"]);
  writing.destroy();
  await write(api, ["c"], { "x-client-id": "w1", "x-resume-from-chunk": "2" });
  assert.deepEqual(chunksOf((await read(api, "tokens", { most: 3 })).records), ["a", "b", "c"]);
  assert.deepEqual(api.bugs, []);
});

test("a writer hears why its chunks are refused while its request is open", async (t) => {
  const api = await start(t);
  const open = (rest: string, headers: Record<string, string> = {}) => {
    const request = httpRequest(api.apiUrl + path(api, rest), {
      method: "POST",
      headers: { authorization: `Bearer ${api.key}`, ...headers },
    });
    const answer = once(request, "response").then(async ([response]) => [
      response.statusCode,
      JSON.parse((await response.toArray()).join("")).param,
    ]);
    answer.catch(() => undefined); // it is awaited below
    return { request, answer };
  };
  const long = "x".repeat(1024 * 1024 + 1);
  for (const rest of ["self/tokens", "self/tokens/append"]) {
    const { request, answer } = open(rest);
    request.write(long);
    assert.deepEqual(await answer, [413, "body"], rest);
    request.destroy();
  }
  const { request, answer } = open("self/tokens", { "x-client-id": "w1", "x-resume-from-chunk": "0" });
  request.write('"a"\n');
  await read(api, "tokens", { most: 1 });
  await call(api, "POST", `/api/v2/runs/${api.runId}/cancel`);
  request.write('"b"\n');
  assert.deepEqual(await answer, [400, "runId"]);
  request.destroy();
});

test("what is no JSON is a text, and a body that is appended always is", async (t) => {
  const api = await start(t);
  await call(api, "POST", path(api, "self/tokens"), { body: "undefined\nhalf {\n" });
  const appended = await call(api, "POST", path(api, "self/tokens/append"), { body: '{"a":\n1}' });
  assert.deepEqual([appended.status, appended.body.ok], [200, true]);
  const { records } = await read(api, "tokens", { most: 3 });
  assert.deepEqual(chunksOf(records), ["undefined", "half {", '{"a":\n1}']);
});

test("records that are sent to a run come as they were sent, a repeated call's once", async (t) => {
  const api = await start(t);
  const send = (data: unknown, headers = {}) =>
    call(api, "POST", path(api, "input/approval"), { body: { data }, headers });
  assert.deepEqual((await send({ approved: true })).body, { ok: true });
  const key = { "x-trigger-request-idempotency-key": "k1" };
  await send(2, key);
  await send(2, key);
  const long = (end: string) => ({ "x-trigger-request-idempotency-key": `${"k".repeat(200)}${end}` });
  await send(3, long("a"));
  await send(4, long("b"));
  await send(null);
  const { records, headers } = await read(api, "input/approval", { most: 5 });
  assert.deepEqual(chunksOf(records), [{ approved: true }, 2, 3, 4, null]);
  assert.equal(headers.get("x-stream-version"), "v2");
  const { body: run } = await call(api, "GET", `/api/v3/runs/${api.runId}`);
  assert.deepEqual(run.realtimeStreams, []);
});

test("a wait for a record is a token that the record completes", async (t) => {
  const api = await start(t);
  const wait = (body: object) => call(api, "POST", `/api/v1/runs/${api.runId}/input-streams/wait`, { body });
  const first = await wait({ streamId: "approval", timeout: "1h", tags: ["a"], lastSeqNum: null });
  assert.deepEqual([first.status, first.body.isCached], [200, false]);
  const token = async (id: string) => (await call(api, "GET", `/api/v1/waitpoints/tokens/${id}`)).body;
  assert.equal((await token(first.body.waitpointId)).status, "WAITING");
  await call(api, "POST", path(api, "input/approval"), { body: { data: { approved: true } } });
  const done = await token(first.body.waitpointId);
  assert.deepEqual([done.status, done.output, done.tags], ["COMPLETED", '{"approved":true}', ["a"]]);
  const late = await wait({ streamId: "approval" });
  assert.equal((await token(late.body.waitpointId)).status, "COMPLETED");
  const next = await wait({ streamId: "approval", lastSeqNum: 0 });
  assert.equal((await token(next.body.waitpointId)).status, "WAITING");
});

test("public tokens read the streams of what they may read, and send where they may", async (t) => {
  const api = await start(t);
  const tokenFor = async (...scopes: string[]) =>
    (await call(api, "POST", "/api/v1/auth/public-tokens", { body: { scopes } })).body.token as string;
  await write(api, ["a"]);
  await call(api, "POST", path(api, "input/approval"), { body: { data: 1 } });
  for (const scope of [`read:runs:${api.runId}`, "read:tasks:a"]) {
    const key = await tokenFor(scope);
    assert.deepEqual(chunksOf((await read(api, "tokens", { most: 1, key })).records), ["a"]);
  }
  const key = await tokenFor(`write:inputStreams:${api.runId}`);
  assert.equal((await call(api, "POST", path(api, "input/approval"), { body: { data: 2 }, key })).status, 200);
  assert.equal((await call(api, "GET", path(api, "tokens"), { key })).status, 403);
  assert.equal((await call(api, "GET", path(api, "input/approval"), { key })).status, 403);
  assert.equal((await call(api, "POST", path(api, "self/tokens"), { key, body: '"x"' })).status, 401);
  const reader = await tokenFor(`read:inputStreams:${api.runId}`);
  assert.deepEqual(chunksOf((await read(api, "input/approval", { most: 2, key: reader })).records), [1, 2]);
  const other = await call(api, "POST", path(api, "input/approval"), { body: { data: 2 }, key: reader });
  assert.equal(other.status, 403);
});

test("what can't be is refused with the field that is at fault", async (t) => {
  const api = await start(t);
  const refused = async (answer: ReturnType<typeof call>) => {
    const { status, body } = await answer;
    return [status, body.param ?? body.code];
  };
  const long = "x".repeat(1024 * 1024);
  const at = (runId: string, rest: string) => `/realtime/v1/streams/${runId}/${rest}`;
  const nobody = "run_01kaqk9s6ye4ja0n3x5v7c9bd1";
  assert.deepEqual(await refused(write(api, [long])), [413, "body"]);
  assert.deepEqual(await refused(call(api, "POST", path(api, "self/t/append"), { body: `${long}x` })), [413, "body"]);
  assert.deepEqual(await refused(call(api, "POST", path(api, "input/t"), { body: { data: long } })), [413, "body"]);
  assert.deepEqual(await refused(call(api, "POST", path(api, "input/t"), { body: {} })), [400, "data"]);
  assert.deepEqual(await refused(call(api, "PUT", path(api, `self/${"k".repeat(129)}`))), [400, "streamId"]);
  assert.deepEqual(await refused(call(api, "PUT", at("run_x", "self/t"))), [404, "not_found"]);
  assert.deepEqual(await refused(call(api, "PUT", at(nobody, "self/t"))), [404, "not_found"]);
  assert.deepEqual(await refused(call(api, "GET", at(nobody, "t"))), [404, "not_found"]);
  for (const [header, value] of Object.entries({
    "last-event-id": "x",
    "timeout-seconds": "0",
    "x-trigger-stream-start": "end",
  })) {
    assert.deepEqual(await refused(call(api, "GET", path(api, "t"), { headers: { [header]: value } })), [400, header]);
  }
  const resume = { "x-client-id": "w", "x-resume-from-chunk": "-1" };
  assert.deepEqual(await refused(write(api, ["a"], resume)), [400, "x-resume-from-chunk"]);
  await call(api, "POST", `/api/v2/runs/${api.runId}/cancel`);
  assert.deepEqual(await refused(write(api, ["a"])), [400, "runId"]);
  assert.deepEqual(await refused(call(api, "PUT", path(api, "self/t"))), [400, "runId"]);
  assert.deepEqual(await refused(call(api, "POST", path(api, "input/t"), { body: { data: 1 } })), [400, "runId"]);
  const wait = call(api, "POST", `/api/v1/runs/${api.runId}/input-streams/wait`, { body: { streamId: "t" } });
  assert.deepEqual(await refused(wait), [400, "runId"]);
});

test("a server that closes breaks the connections of its readers, so that they come again", async (t) => {
  const api = await start(t);
  const response = await fetch(api.apiUrl + path(api, "tokens"), { headers: { authorization: `Bearer ${api.key}` } });
  const text = response.text();
  await api.app.close();
  await assert.rejects(text);
});

test("chunks that can't be stored do not concern those of another environment", async (t) => {
  const api = await start(t);
  await call(api, "POST", "/worker/v1/versions", { body: manifestOf("a"), key: api.otherKey });
  const { body } = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { payload: 1 }, key: api.otherKey });
  const append = async (key: string, id: string, chunk: string) => {
    const [row] = await api.database.query({
      name: "test_environment_of_run",
      text: "select id, environment_id from run where id = $1::uuid",
      values: [fromPublicId("run", id)],
    });
    const ref = { environmentId: String(row?.environment_id), runId: String(row?.id), isInput: false, key };
    return () => api.engine.appendToStream({ ...ref, chunks: [chunk], writer: null });
  };
  const [good, bad] = [await append("tokens", api.runId, '"a"'), await append("tokens", body.id, '"\0"')];
  const [kept, refused] = await Promise.allSettled([good(), bad()]);
  assert.deepEqual([kept.status, refused.status], ["fulfilled", "rejected"]);
  await write(api, ["b"]);
  assert.deepEqual(chunksOf((await read(api, "tokens", { most: 2 })).records), ["a", "b"]);
});
