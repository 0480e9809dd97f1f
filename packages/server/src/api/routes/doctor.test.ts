import assert from "node:assert/strict";
import { test } from "node:test";
import { createInvariantChecker, readInvariants } from "../../store/invariants.ts";
import { call, startApi } from "../fixtures/started-api.ts";

test("the doctor runs every invariant", async (t) => {
  const api = await startApi(t);
  await call(api, "POST", "/api/v1/tasks/a/trigger", { body: {} });
  const { status, body } = await call(api, "GET", "/api/v1/doctor");
  assert.equal(status, 200);
  const titles = (await readInvariants()).map(({ title }) => title);
  assert.deepEqual(
    body.invariants.map((check: { title: string }) => check.title),
    titles,
  );
  for (const check of body.invariants) {
    assert.deepEqual([check.holds, check.count, check.rows], [true, 0, []], check.title);
    assert.ok(check.durationMs >= 0);
  }
  assert.ok(body.durationMs > 0);
  assert.deepEqual(api.bugs, []);
});

test("a broken invariant shows its first rows, those of other environments left out, and a slow one is skipped", async (t) => {
  const broken = [
    { title: "numbers", sql: "select n from generate_series(1, 7) n", test: "" },
    { title: "environments", sql: "select id as environment_id from environment", test: "" },
    { title: "slow", sql: "select pg_sleep(10)", test: "" },
  ];
  const check = (environmentId: string) =>
    createInvariantChecker(api.database, 50, async () => broken).check(environmentId);
  const api = await startApi(t, (settings) => ({ ...settings, invariants: { check } }));
  const { body } = await call(api, "GET", "/api/v1/doctor");
  const [numbers, environments, slow] = body.invariants;
  assert.deepEqual([numbers.holds, numbers.count, numbers.rows[0], numbers.rows.length], [false, 7, { n: 1 }, 5]);
  assert.equal(environments.count, 1);
  assert.equal(slow.holds, false);
  assert.match(slow.skipped, /took too long/);
  assert.ok(!("count" in slow));
});
