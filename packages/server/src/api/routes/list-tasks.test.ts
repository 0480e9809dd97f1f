import assert from "node:assert/strict";
import { test } from "node:test";
import { call, manifestOf, startApi } from "../fixtures/started-api.ts";

test("the tasks are those of the current version, and of one environment", async (t) => {
  const api = await startApi(t);
  assert.deepEqual((await call(api, "GET", "/worker/v1/tasks")).body, { tasks: [], version: null });
  await call(api, "POST", "/worker/v1/versions", { body: manifestOf("old") });
  const { body: version } = await call(api, "POST", "/worker/v1/versions", { body: manifestOf("b", "a") });
  assert.deepEqual((await call(api, "GET", "/worker/v1/tasks")).body, {
    tasks: [
      { id: "a", filePath: "trigger/a.ts" },
      { id: "b", filePath: "trigger/b.ts" },
    ],
    version: version.label,
  });
  const other = await call(api, "GET", "/worker/v1/tasks", { key: api.otherKey });
  assert.deepEqual(other.body, { tasks: [], version: null });
  assert.equal((await call(api, "GET", "/worker/v1/tasks", { key: null })).status, 401);
});
