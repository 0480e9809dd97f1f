import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { workerConnectPath } from "@pawl/contract/worker-protocol";
import { call, startApi } from "./fixtures/started-api.ts";
import { createPublicTokenSigner } from "./public-token.ts";
import { routes } from "./routes/all-routes.ts";

test("every route takes the credentials that it declares, and no other", async (t) => {
  let settings: Parameters<typeof routes>[0] | undefined;
  const api = await startApi(t, (given) => {
    settings = given;
    return given;
  });
  assert.ok(settings);
  const all = [
    ...routes(settings).map(({ method, path, accepts }) => ({ method, path, accepts })),
    { method: "GET", path: workerConnectPath, accepts: "environment_key" as const },
  ];
  const signPublicToken = createPublicTokenSigner(api.environment.id, api.key);
  const strangers: Record<string, string | null> = {
    "no key": null,
    "an unknown key": "tr_dev_000000000000000000000000",
    "a key in another case": api.key.toLowerCase(),
    "a public token": signPublicToken("admin"),
    "a public token of another key": createPublicTokenSigner(api.environment.id, api.otherKey)("admin"),
    "a personal token": api.personalToken,
    "an unknown personal token": "tr_pat_0123456789",
  };
  const admits: Record<(typeof all)[number]["accepts"], readonly string[]> = {
    anyone: Object.keys(strangers),
    environment_key: [],
    public_token: ["a public token"],
    project_key: ["a personal token"],
    personal_token: ["a personal token"],
  };
  for (const route of all) {
    const path = route.path
      .replace(":runId", toPublicId("run", newUuid()))
      .replace(":bulkActionId", toPublicId("bulk", newUuid()))
      .replace(":tokenId", toPublicId("waitpoint", newUuid()))
      .replace(":batchId", "batch_x")
      .replace(":slug", "dev");
    for (const [name, key] of Object.entries(strangers)) {
      const answer = await connectOrCall(api, route.method, path, key);
      const isAdmitted = admits[route.accepts].includes(name);
      assert.equal(answer.status === 401, !isAdmitted, `${route.method} ${route.path} with ${name}`);
      if (isAdmitted) continue;
      if (route.method !== "HEAD") assert.equal(answer.body.code, "unauthorized");
      assert.equal(answer.headers.get("x-should-retry"), "false");
    }
    const admitted = await connectOrCall(api, route.method, path, api.key);
    assert.equal(
      admitted.status === 401,
      route.accepts === "personal_token",
      `${route.method} ${route.path} with the key`,
    );
    assert.notEqual(admitted.status, 500, `${route.method} ${route.path} with the key`);
    if (route.accepts !== "public_token") continue;
    const other = await call(api, route.method, path, { key: signPublicToken("read:nothing") });
    assert.equal(other.status, 403, `${route.method} ${route.path} with a public token for something else`);
  }
  assert.deepEqual(api.bugs, []);
});

const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** A body that is no JSON shows that strangers are sent away before it is read. */
async function connectOrCall(
  api: Awaited<ReturnType<typeof startApi>>,
  method: string,
  path: string,
  key: string | null,
): ReturnType<typeof call> {
  if (path === "/engine/v1/dev/presence") return openStream(api, path, key);
  if (path !== workerConnectPath) return call(api, method, path, bodiless.has(method) ? { key } : { key, body: "{" });
  return new Promise((resolve, reject) => {
    const upgrade = request(`${api.apiUrl}${path}`, {
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      },
    });
    upgrade.on("error", reject);
    upgrade.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: new Headers(), body: null });
    });
    upgrade.on("response", async (response) => {
      const chunks = await response.toArray();
      const headers = new Headers({ "x-should-retry": String(response.headers["x-should-retry"]) });
      resolve({ status: response.statusCode ?? 0, headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
    });
    upgrade.end();
  });
}

/** A stream that is let in does not end by itself. */
async function openStream(
  api: Awaited<ReturnType<typeof startApi>>,
  path: string,
  key: string | null,
): ReturnType<typeof call> {
  const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(`${api.apiUrl}${path}`, { headers });
  if (!response.ok) return { status: response.status, headers: response.headers, body: await response.json() };
  await response.body?.cancel();
  return { status: response.status, headers: response.headers, body: null };
}

test("a key reads only its own environment", async (t) => {
  const api = await startApi(t);
  const { body } = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: {} });
  assert.equal((await call(api, "GET", `/api/v3/runs/${body.id}`)).status, 200);
  const foreign = await call(api, "GET", `/api/v3/runs/${body.id}`, { key: api.otherKey });
  assert.equal(foreign.status, 404);
  assert.match(foreign.body.error, new RegExp(body.id));
  assert.deepEqual((await call(api, "GET", "/api/v1/runs", { key: api.otherKey })).body.data, []);
});
