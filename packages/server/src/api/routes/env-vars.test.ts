import assert from "node:assert/strict";
import { test } from "node:test";
import { call, startApi } from "../fixtures/started-api.ts";

const base = "/api/v1/projects/proj_x/envvars";

test("variables are set, read, changed, removed and imported, each environment's for itself", async (t) => {
  const api = await startApi(t);
  const list = async () => (await call(api, "GET", `${base}/dev`)).body;
  const body = { name: "URL", value: "https://a" };
  assert.deepEqual((await call(api, "POST", `${base}/dev`, { body })).body, { success: true });
  assert.deepEqual((await call(api, "GET", `${base}/dev/URL`)).body, { ...body, isSecret: false });
  await call(api, "POST", `${base}/dev`, { body: { name: "TOKEN", value: "s3cret", isSecret: true } });
  assert.deepEqual(await list(), [
    { name: "TOKEN", value: "<redacted>", isSecret: true },
    { ...body, isSecret: false },
  ]);
  assert.deepEqual((await call(api, "PUT", `${base}/dev/TOKEN`, { body: { value: "" } })).body, { success: true });
  assert.deepEqual((await call(api, "GET", base)).body, { variables: { TOKEN: "", URL: "https://a" } });

  const variables = { URL: "https://b", NEW: "1" };
  await call(api, "POST", `${base}/dev/import`, { body: { variables } });
  assert.deepEqual((await call(api, "GET", base)).body.variables, { NEW: "1", TOKEN: "", URL: "https://a" });
  await call(api, "POST", `${base}/dev/import`, { body: { variables, override: true, source: null } });
  assert.deepEqual((await call(api, "GET", base)).body.variables, { NEW: "1", TOKEN: "", URL: "https://b" });

  assert.equal((await call(api, "DELETE", `${base}/dev/URL`)).status, 200);
  for (const [method, path] of [
    ["DELETE", "dev/URL"],
    ["GET", "dev/URL"],
    ["PUT", "dev/URL"],
  ] as const) {
    const answer = await call(api, method, `${base}/${path}`, method === "PUT" ? { body: { value: "x" } } : {});
    assert.equal(answer.status, 404, `${method} ${path}`);
  }
  assert.deepEqual((await call(api, "GET", `${base}/prod`, { key: api.otherKey })).body, []);
  assert.deepEqual(api.bugs, []);
});

test("values are not in the database as they are", async (t) => {
  const api = await startApi(t);
  await call(api, "POST", `${base}/dev`, { body: { name: "A", value: "in plain sight" } });
  const [row] = await api.database.query({
    name: "test_env_var",
    text: "select encode(ciphertext, 'escape') as text from env_var",
    values: [],
  });
  assert.ok(typeof row?.text === "string" && !row.text.includes("plain"));
});

test("a bad name, a bad value and another environment are refused by their field", async (t) => {
  const api = await startApi(t);
  const refused: [path: string, body: unknown, status: number, param: string][] = [
    ["dev", { name: "1A", value: "x" }, 400, "name"],
    ["dev", { name: "A=B", value: "x" }, 400, "name"],
    ["dev", { name: "A" }, 400, "value"],
    ["dev", { name: "A", value: "a\0b" }, 422, "value"],
    ["dev/import", { variables: { "A B": "x" } }, 400, "variables.A B"],
    ["prod", { name: "A", value: "x" }, 403, "slug"],
  ];
  for (const [path, body, status, param] of refused) {
    const answer = await call(api, "POST", `${base}/${path}`, { body });
    assert.deepEqual([answer.status, answer.body.param], [status, param], JSON.stringify(body));
  }
});

test("hosts read all of them with the number of changes, which claims tell", async (t) => {
  const api = await startApi(t);
  const read = async () => (await call(api, "GET", "/worker/v1/env-vars")).body;
  assert.deepEqual(await read(), { version: 0, variables: {} });
  await call(api, "POST", `${base}/dev`, { body: { name: "TOKEN", value: "s3cret", isSecret: true } });
  await call(api, "POST", `${base}/dev/import`, { body: { variables: { A: "1", TOKEN: "not this" } } });
  assert.deepEqual(await read(), { version: 2, variables: { A: "1", TOKEN: "s3cret" } });
  await call(api, "POST", `${base}/dev/import`, { body: { variables: { A: "2" } } });
  assert.equal((await read()).version, 2, "what changed nothing is no change");
  await call(api, "DELETE", `${base}/dev/A`);
  await call(api, "PUT", `${base}/dev/TOKEN`, { body: { value: "other" } });
  assert.deepEqual(await read(), { version: 4, variables: { TOKEN: "other" } });
  await call(api, "DELETE", `${base}/dev/A`);
  assert.equal((await read()).version, 4);
  assert.deepEqual((await call(api, "GET", "/worker/v1/env-vars", { key: api.otherKey })).body.version, 0);
});

test("names that the host sets are refused", async (t) => {
  const api = await startApi(t);
  for (const name of ["TRIGGER_SECRET_KEY", "TRIGGER_API_URL"]) {
    const answer = await call(api, "POST", `${base}/dev`, { body: { name, value: "x" } });
    assert.deepEqual([answer.status, answer.body.param], [400, "name"]);
    assert.match(answer.body.error, /choose another name/);
    const imported = await call(api, "POST", `${base}/dev/import`, { body: { variables: { [name]: "x" } } });
    assert.equal(imported.status, 400);
  }
});
