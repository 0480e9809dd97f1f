import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answer, call, type StartedApi, startApi } from "../fixtures/started-api.ts";
import { createPublicTokenSigner } from "../public-token.ts";

async function trigger(api: StartedApi, options: Record<string, unknown> = {}): Promise<string> {
  return (await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { payload: 1, options } })).body.id;
}

/** The rows of an answer, without its control message. */
function rowsOf({ body }: Answer): { value: Record<string, unknown>; headers: { operation: string } }[] {
  assert.deepEqual(body.at(-1), { headers: { control: "up-to-date" } });
  return body.slice(0, -1);
}

const statuses = (answer: Answer) => rowsOf(answer).map(({ value }) => [value.friendlyId, value.status]);

/** A live reader, as the published client is one. */
class Reader {
  readonly #api: StartedApi;
  readonly #path: string;
  readonly #key: string | undefined;
  #seen = "offset=-1";

  constructor(api: StartedApi, path: string, key?: string) {
    this.#api = api;
    this.#path = `${path}${path.includes("?") ? "&" : "?"}log=full`;
    this.#key = key;
  }

  /** Asks for what is new. */
  async read(isLive = false): Promise<Answer> {
    const live = isLive ? "&live=true&cursor=1" : "";
    const options = this.#key === undefined ? {} : { key: this.#key };
    const answer = await call(this.#api, "GET", `${this.#path}&${this.#seen}${live}`, options);
    if (answer.status !== 200) return answer;
    const offset = answer.headers.get("electric-offset") ?? "";
    assert.match(offset, /^\d+_\d+$/);
    this.#seen = `offset=${offset}&handle=${answer.headers.get("electric-handle")}`;
    return answer;
  }

  /** What it has read last, to ask for it again. */
  get seen(): string {
    return this.#seen;
  }

  set seen(seen: string) {
    this.#seen = seen;
  }
}

test("a reader gets a run as it stands, and then each change of it", async (t) => {
  const api = await startApi(t);
  const id = await trigger(api, { tags: ["x"], metadata: { a: 1 } });
  const reader = new Reader(api, `/realtime/v1/runs/${id}`);
  const first = await reader.read();
  assert.equal(first.headers.get("electric-schema"), "{}");
  assert.equal(first.headers.get("electric-up-to-date"), "");
  const [row] = rowsOf(first);
  assert.equal(row?.headers.operation, "insert");
  const { value } = row ?? assert.fail("no row");
  assert.deepEqual(
    [value.friendlyId, value.taskIdentifier, value.status, value.runTags, value.metadata, value.completedAt],
    [id, "a", "PENDING_VERSION", ["x"], '{"a":1}', null],
  );
  assert.match(String(value.createdAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/, "without a zone");

  const changed = reader.read(true);
  await call(api, "PUT", `/api/v1/runs/${id}/metadata`, { body: { metadata: { a: 2 } } });
  const second = await changed;
  assert.equal(second.headers.get("electric-schema"), null);
  assert.ok(second.headers.get("electric-cursor"));
  assert.deepEqual([rowsOf(second)[0]?.headers.operation, rowsOf(second)[0]?.value.metadata], ["update", '{"a":2}']);

  await call(api, "POST", `/api/v2/runs/${id}/cancel`);
  const third = await reader.read(true);
  assert.deepEqual(statuses(third), [[id, "CANCELED"]]);
  assert.ok(rowsOf(third)[0]?.value.completedAt);
  assert.deepEqual(rowsOf(await reader.read()), []);
});

test("an answer that was lost is given again; a reader that nobody knows begins anew", async (t) => {
  const api = await startApi(t);
  const id = await trigger(api);
  const reader = new Reader(api, `/realtime/v1/runs/${id}`);
  await reader.read();
  const before = reader.seen;
  await call(api, "POST", `/api/v2/runs/${id}/cancel`);
  assert.deepEqual(statuses(await reader.read(true)), [[id, "CANCELED"]]);
  reader.seen = before;
  assert.deepEqual(statuses(await reader.read(true)), [[id, "CANCELED"]]);
  for (const seen of [before.replace(/offset=[^&]*/, "offset=999_0"), "offset=1_0&handle=unknown"]) {
    reader.seen = seen;
    const answer = await reader.read(true);
    assert.deepEqual([answer.status, answer.body], [409, [{ headers: { control: "must-refetch" } }]]);
    assert.ok(answer.headers.get("electric-handle"));
  }
  const other = new Reader(api, `/realtime/v1/runs/${await trigger(api)}`);
  other.seen = before;
  assert.equal((await other.read()).status, 409, "the handle is of another run");
});

test("readers of tags get runs with all of them, also those that are made later", async (t) => {
  const api = await startApi(t);
  const both = await trigger(api, { tags: ["a", "b"] });
  await trigger(api, { tags: ["a"] });
  const reader = new Reader(api, "/realtime/v1/runs?tags=a,b");
  assert.deepEqual(statuses(await reader.read()), [[both, "PENDING_VERSION"]]);
  const next = reader.read(true);
  await trigger(api, { tags: ["b"] });
  const later = await trigger(api, { tags: ["b", "c", "a"] });
  const answer = await next;
  assert.deepEqual(statuses(answer), [[later, "PENDING_VERSION"]]);
  assert.equal(rowsOf(answer)[0]?.headers.operation, "insert");
  await call(api, "POST", `/api/v2/runs/${both}/cancel`);
  assert.deepEqual(statuses(await reader.read(true)), [[both, "CANCELED"]]);
});

test("readers of a batch get its runs", async (t) => {
  const api = await startApi(t);
  const { body } = await call(api, "POST", "/api/v3/batches", { body: { runCount: 2 } });
  const reader = new Reader(api, `/realtime/v1/batches/${body.id}`);
  assert.deepEqual(rowsOf(await reader.read()), []);
  const next = reader.read(true);
  const items = [0, 1].map((index) => JSON.stringify({ index, task: "a", payload: index })).join("\n");
  const headers = { "content-type": "application/x-ndjson" };
  assert.equal((await call(api, "POST", `/api/v3/batches/${body.id}/items`, { body: items, headers })).status, 200);
  assert.equal(rowsOf(await next).length, 2);
});

test("columns are left out that the reader, or its token, does not want", async (t) => {
  const api = await startApi(t);
  const id = await trigger(api);
  const own = await new Reader(api, `/realtime/v1/runs/${id}?skipColumns=payload,status`).read();
  const { value } = rowsOf(own)[0] ?? assert.fail("no row");
  assert.deepEqual(["payload" in value, "status" in value, "output" in value], [false, true, true]);
  const sign = createPublicTokenSigner(api.environment.id, api.key);
  const token = sign(`read:runs:${id}`, 60, { realtime: { skipColumns: ["output"] } });
  const bound = await new Reader(api, `/realtime/v1/runs/${id}?skipColumns=payload`, token).read();
  const row = rowsOf(bound)[0]?.value ?? assert.fail("no row");
  assert.deepEqual(["payload" in row, "output" in row], [true, false]);
});

test("a public token reads what it is for, and nothing else", async (t) => {
  const api = await startApi(t);
  const id = await trigger(api, { tags: ["mine"] });
  const sign = createPublicTokenSigner(api.environment.id, api.key);
  const read = async (scope: string, path: string) => (await new Reader(api, path, sign(scope)).read()).status;
  assert.equal(await read(`read:runs:${id}`, `/realtime/v1/runs/${id}`), 200);
  assert.equal(await read("read:tags:mine", `/realtime/v1/runs/${id}`), 200);
  assert.equal(await read("read:tags:mine", "/realtime/v1/runs?tags=mine"), 200);
  assert.equal(await read("read:tags:other", "/realtime/v1/runs?tags=mine"), 403);
  assert.equal(await read("read:runs:run_other", `/realtime/v1/runs/${id}`), 403);
  // Who says that it has seen the run has to be allowed to as well.
  for (const seen of ["offset=0_0", "offset=0_0&handle=1", "offset=0_0&handle=1&live=true"]) {
    const key = sign("read:runs:run_other");
    assert.equal((await call(api, "GET", `/realtime/v1/runs/${id}?log=full&${seen}`, { key })).status, 403, seen);
  }
});

test("bad input names its field", async (t) => {
  const api = await startApi(t);
  const id = await trigger(api);
  const cases: readonly [path: string, status: number, text: string][] = [
    [`/realtime/v1/runs/${id}?offset=now`, 400, "offset"],
    [`/realtime/v1/runs/${id}?live=maybe`, 400, "live"],
    ["/realtime/v1/runs", 400, "tags"],
    ["/realtime/v1/runs?tags=", 400, "tags"],
    ["/realtime/v1/runs?tags=a&createdAt=soon", 400, "createdAt"],
    ["/realtime/v1/runs/run_x", 404, "run_x"],
    ["/realtime/v1/batches/batch_x", 404, "batch_x"],
  ];
  for (const [path, status, text] of cases) {
    const answer = await call(api, "GET", path);
    assert.equal(answer.status, status, path);
    assert.match(answer.body.error, new RegExp(text), path);
  }
});

test("those who wait are let go when the server closes", async (t) => {
  const api = await startApi(t);
  const reader = new Reader(api, `/realtime/v1/runs/${await trigger(api)}`);
  await reader.read();
  const waiting = reader.read(true);
  await new Promise((resolve) => setImmediate(resolve)); // the request is on its way; either it waits, or it is not begun
  await api.app.close();
  const answer = await waiting.catch(() => null);
  if (answer !== null) assert.deepEqual(rowsOf(answer), []);
});
