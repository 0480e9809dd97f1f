import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { createEnvVarBodySchema, importEnvVarsBodySchema, updateEnvVarBodySchema } from "@pawl/contract/api/env-vars";
import { configure } from "../client/client-settings.ts";
import { ApiSchemaValidationError, BadRequestError } from "../errors/api-error.ts";
import { fakeRun } from "../fixtures/fake-run.ts";
import { startProtocolServer } from "../fixtures/protocol-server.ts";
import { runtime } from "../runtime.ts";
import { envvars } from "./envvars-api.ts";

const variable = { name: "A", value: "1", isSecret: false };

afterEach(() => {
  runtime().context = null;
});

async function serve(t: { after(body: () => unknown): void }) {
  const server = await startProtocolServer(({ method, path }) => {
    if (method !== "GET") return { body: { success: true } };
    return { body: path.endsWith("/A") ? variable : [variable] };
  });
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
}

const base = "/api/v1/projects/proj_1/envvars/dev";

test("each call names the project and the environment", async (t) => {
  const server = await serve(t);
  assert.deepEqual(await envvars.list("proj_1", "dev"), [variable]);
  assert.deepEqual(await envvars.retrieve("proj_1", "dev", "A"), variable);
  assert.deepEqual(await envvars.create("proj_1", "dev", { name: "A", value: "1", isSecret: true }), { success: true });
  await envvars.update("proj_1", "dev", "A", { value: "2" }, { retry: { maxAttempts: 1 } });
  await envvars.upload("proj_1", "dev", { variables: { A: "1" }, override: true });
  await envvars.del("proj_1", "dev", "A B");
  assert.deepEqual(
    server.requests.map(({ method, path }) => `${method} ${path}`),
    [`GET ${base}`, `GET ${base}/A`, `POST ${base}`, `PUT ${base}/A`, `POST ${base}/import`, `DELETE ${base}/A%20B`],
  );
  const bodyOf = (index: number): unknown => JSON.parse(server.requests[index]?.body ?? "");
  assert.deepEqual(createEnvVarBodySchema.parse(bodyOf(2)), { name: "A", value: "1", isSecret: true });
  assert.deepEqual(updateEnvVarBodySchema.parse(bodyOf(3)), { value: "2" });
  assert.deepEqual(importEnvVarsBodySchema.parse(bodyOf(4)), { variables: { A: "1" }, override: true });
});

test("in a run the environment is that of the run", async (t) => {
  const server = await serve(t);
  const { execute } = fakeRun({}, { environmentSlug: "prod" });
  await execute(async () => {
    await envvars.list();
    await envvars.retrieve("A", { retry: { maxAttempts: 1 } });
    await envvars.create({ name: "A", value: "1" });
    await envvars.update("A", { value: "2" });
    await envvars.upload({ variables: { A: "1" } });
    await envvars.del("A");
    await envvars.list("proj_1", "dev");
  });
  const here = "/api/v1/projects/default/envvars/prod";
  assert.deepEqual(
    server.requests.map(({ method, path }) => `${method} ${path}`),
    [
      `GET ${here}`,
      `GET ${here}/A`,
      `POST ${here}`,
      `PUT ${here}/A`,
      `POST ${here}/import`,
      `DELETE ${here}/A`,
      `GET ${base}`,
    ],
  );
  assert.deepEqual(JSON.parse(server.requests[3]?.body ?? ""), { value: "2" });
});

test("a call that does not say whose variables it means is refused", async (t) => {
  const server = await serve(t);
  await assert.rejects(envvars.list(), /begin with the project's ref/);
  await assert.rejects(envvars.retrieve("A"), BadRequestError);
  await assert.rejects(envvars.del("proj_1", "dev", ""), /name is missing/);
  await assert.rejects(envvars.list("proj_1", ""), /slug is missing/);
  assert.equal(server.requests.length, 0);
});

test("an answer of another server is told apart", async (t) => {
  const server = await startProtocolServer(() => ({ body: { ok: 1 } }));
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  await assert.rejects(envvars.list("proj_1", "dev"), ApiSchemaValidationError);
  await assert.rejects(envvars.retrieve("proj_1", "dev", "A"), ApiSchemaValidationError);
  await assert.rejects(envvars.del("proj_1", "dev", "A"), ApiSchemaValidationError);
});
