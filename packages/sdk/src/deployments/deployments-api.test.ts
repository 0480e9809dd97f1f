import assert from "node:assert/strict";
import { test } from "node:test";
import { configure } from "../client/client-settings.ts";
import { ApiSchemaValidationError, NotFoundError } from "../errors/api-error.ts";
import { startProtocolServer } from "../fixtures/protocol-server.ts";
import { deployments } from "./deployments-api.ts";

const wire = {
  id: "deployment_1",
  createdAt: "2026-11-22T09:30:00.000Z",
  deployedAt: "2026-11-22T09:31:00.000Z",
  shortCode: "abcd1234",
  version: "20261122.1",
  runtime: null,
  runtimeVersion: null,
  status: "DEPLOYED",
};
const deployment = { ...wire, createdAt: new Date(wire.createdAt), deployedAt: new Date(wire.deployedAt) };

async function serve(t: { after(body: () => unknown): void }, bodyOf: (path: string) => unknown, status = 200) {
  const server = await startProtocolServer(({ path }) => ({ status, body: bodyOf(path) }));
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url, requestOptions: { retry: { maxAttempts: 1 } } });
  return server;
}

test("the current deployment comes with dates", async (t) => {
  const server = await serve(t, () => wire);
  assert.deepEqual(await deployments.retrieveCurrent(), deployment);
  assert.equal(server.requests[0]?.path, "/api/v1/deployments/current");
});

test("before the first deployment there is none, and something else is said to be no deployment", async (t) => {
  await serve(t, () => ({ error: "Nothing was deployed" }), 404);
  await assert.rejects(deployments.retrieveCurrent(), NotFoundError);
  await serve(t, () => ({ hello: 1 }));
  await assert.rejects(deployments.retrieveCurrent(), ApiSchemaValidationError);
});

test("a list goes on through its pages, with its filters", async (t) => {
  const server = await serve(t, (path) =>
    path.includes("after") ? { data: [wire], pagination: {} } : { data: [wire], pagination: { next: "deployment_1" } },
  );
  const options = { status: "DEPLOYED", from: new Date(5), to: "2026-12-01", period: "7d", limit: 1 } as const;
  const found = [];
  for await (const one of deployments.list(options)) found.push(one);
  assert.deepEqual(found, [deployment, deployment]);
  const queries = server.requests.map(({ path }) => Object.fromEntries(new URL(path, "http://x").searchParams));
  const common = { status: "DEPLOYED", from: "5", to: "2026-12-01", period: "7d", "page[size]": "1" };
  assert.deepEqual(queries, [common, { ...common, "page[after]": "deployment_1" }]);
});
