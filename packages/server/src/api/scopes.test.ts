import assert from "node:assert/strict";
import { test } from "node:test";
import { fillWorld } from "./fixtures/fuzz/world.ts";
import { call, type StartedApi, startApi } from "./fixtures/started-api.ts";
import { createPublicTokenSigner } from "./public-token.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes/all-routes.ts";

/** What the words in braces stand for: what there is in the environment. */
type Words = Readonly<Record<string, string>>;

/** Bodies of the routes whose scope is about what a body names. */
const bodies: Readonly<Record<string, string>> = {
  "/api/v3/batches": '{"runCount":1,"taskIdentifiers":["a"]}',
  "/api/v3/batches/:batchId/items": '{"index":0,"task":"a"}',
  "/api/v1/idempotencyKeys/:key/reset": '{"taskIdentifier":"a"}',
};

test("a public token gets into a route with each of the scopes that the route names, and with no other", async (t) => {
  const { api, table, words, sign } = await startWorld(t);
  const open = table.filter(({ accepts }) => accepts === "public_token");
  assert.ok(open.length > 20);
  for (const route of open) {
    const name = `${route.method} ${route.path}`;
    const scopes = route.document?.scopes ?? [];
    assert.notEqual(scopes.length, 0, `${name} names no scope`);
    for (const scope of scopes) {
      const path = `${pathOf(route, words)}${queryOf(route, scope, words)}`;
      const right = filled(scope, words);
      const enters = async (token: string) => !isRefused(await statusOf(api, route, path, token));
      assert.ok(await enters(sign(right)), `${name} with ${right}`);
      assert.ok(await enters(sign(["read:nothing", right])), `${name} with ${right} and another`);
      const [action = "", type = ""] = right.split(":");
      for (const wide of [`${action}:${type}`, `${action}:all`, `*:${type}`, action, "admin"])
        assert.ok(await enters(sign(wide)), `${name} with the wider ${wide}`);
      for (const other of othersOf(right)) assert.ok(!(await enters(sign(other))), `${name} with ${other}`);
    }
  }
  assert.deepEqual(api.bugs, []);
});

test("a public token that is over, changed, signed by another key or for another environment gets in nowhere", async (t) => {
  const { api, table, words, sign } = await startWorld(t);
  const other = createPublicTokenSigner(api.environment.id, api.otherKey);
  const [head, claims, signature] = sign("admin").split(".");
  const tokens = {
    over: sign("admin", -1),
    "signed by another key": other("admin"),
    "with other claims": [head, Buffer.from('{"pub":true}').toString("base64url"), signature].join("."),
    "without a signature": [head, claims, ""].join("."),
    "of no algorithm": [Buffer.from('{"alg":"none"}').toString("base64url"), claims, ""].join("."),
  };
  for (const route of table.filter(({ accepts }) => accepts !== "anyone")) {
    for (const [name, token] of Object.entries(tokens)) {
      const status = await statusOf(api, route, pathOf(route, words), token);
      assert.equal(status, 401, `${route.method} ${route.path} with a token ${name}`);
    }
  }
});

test("a public token of one environment finds nothing of another", async (t) => {
  const { api, table, words } = await startWorld(t);
  const { body } = await call(api, "POST", "/api/v1/auth/public-tokens", {
    key: api.otherKey,
    body: { scopes: ["admin"] },
  });
  const about = table.filter(
    ({ method, path, accepts }) =>
      accepts === "public_token" && method === "GET" && /:(runId|batchId|queue|path)/.test(path),
  );
  assert.ok(about.length > 10);
  for (const route of about) {
    const status = await statusOf(api, route, pathOf(route, words), body.token);
    assert.equal(status, 404, `${route.method} ${route.path}`);
  }
});

async function startWorld(t: Parameters<typeof startApi>[0]) {
  let table: readonly Route[] = [];
  const api = await startApi(t, (settings) => {
    table = routes(settings);
    return settings;
  });
  const { parts } = await fillWorld(api);
  const { body: batch } = await call(api, "POST", "/api/v3/batches", { body: { runCount: 1 } });
  const line = JSON.stringify({ index: 0, task: "a", payload: 1, options: { tags: ["mine"], delay: "1h" } });
  const headers = { "content-type": "application/x-ndjson" };
  await call(api, "POST", `/api/v3/batches/${batch.id}/items`, { headers, body: line });
  const [runId = ""] = (await call(api, "GET", `/api/v2/batches/${batch.id}`)).body.runs;
  const { body: open } = await call(api, "POST", "/api/v3/batches", { body: { runCount: 2 } });
  const words: Words = {
    ...Object.fromEntries(Object.entries(parts).map(([name, [first = "x"]]) => [name, first])),
    path: "a.json",
    runId,
    batchId: open.id,
    task: "a",
    tag: "mine",
    batch: batch.id,
    "filter[taskIdentifier]": "a",
    "filter[tag]": "mine",
    "filter[batch]": batch.id,
  };
  return { api, table, words, sign: createPublicTokenSigner(api.environment.id, api.key) };
}

function pathOf({ path }: Route, words: Words): string {
  return path.replace(/:(\w+)/g, (_whole, name: string) => encodeURIComponent(words[name] ?? "x"));
}

/** Where a scope is about what a filter names, the query has that filter. */
function queryOf({ path }: Route, scope: string, words: Words): string {
  const [, filter] = /\{(filter\[\w+\])\}/.exec(scope) ?? [];
  if (filter !== undefined) return `?${new URLSearchParams({ [filter]: words[filter] ?? "" })}`;
  return path === "/realtime/v1/runs" ? "?tags=mine" : "";
}

function filled(scope: string, words: Words): string {
  return scope.replace(/\{([^}]+)\}/g, (_whole, name: string) => words[name] ?? "x");
}

/** Scopes that are like one, and not it. */
function othersOf(scope: string): readonly string[] {
  const [action = "", type = "", id] = scope.split(":");
  const otherAction = action === "read" ? "write" : "read";
  return [
    `${otherAction}:${type}`,
    `${action}:prompts`,
    `${action}x:${type}`,
    `${action}:${type}x`,
    ...(id === undefined ? [] : [`${action}:${type}:other`, `${action}:${type}:${id}x`, `${action}:${type}:`]),
  ];
}

function isRefused(status: number): boolean {
  return status === 401 || status === 403;
}

async function statusOf(api: StartedApi, route: Route, path: string, token: string): Promise<number> {
  const abort = new AbortController();
  const answer = await fetch(`${api.apiUrl}${path}`, {
    method: route.method,
    signal: abort.signal,
    headers: { authorization: `Bearer ${token}`, "content-type": route.document?.bodyType ?? "application/json" },
    ...(route.method === "GET" || route.method === "HEAD" ? {} : { body: bodies[route.path] ?? "{}" }),
  });
  const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (isStream) abort.abort();
  else await answer.arrayBuffer();
  return answer.status;
}
