import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withDatabase } from "./database.ts";
import { holdLock, raceDatabase, untilBlocked } from "./race-points.ts";

const run = promisify(execFile);
const lockProject = "select 1 from project where ref = 'proj_test' for update";

test("each test has a database of its own with the schema and an environment", async (t) => {
  const first = await withDatabase(t);
  const second = await withDatabase(t);
  assert.notEqual(first.url, second.url);
  const rows = await first.database.query({
    name: "test_environments",
    text: "select id from environment",
    values: [],
  });
  assert.deepEqual(rows, [{ id: first.environment.id }]);
});

test("a test that breaks an invariant fails", async () => {
  const fixture = fileURLToPath(new URL("./fixtures/breaks-invariant.ts", import.meta.url));
  const { NODE_TEST_CONTEXT: _, ...env } = process.env; // it is a test run of its own, not a part of this one
  const failure: unknown = await run(process.execPath, ["--conditions=@pawl/source", "--test", fixture], { env }).catch(
    (error: unknown) => error,
  );
  assert.ok(failure instanceof Error && "stdout" in failure);
  assert.match(String(failure.stdout), /broken: A request key leads to its run/);
});

test("an actor is held before and after a named statement", async (t) => {
  const { database } = await withDatabase(t);
  const races = raceDatabase(database);
  const statement = { name: "test_insert", text: "insert into installation values ('a', 'b')", values: [] };
  const count = { name: "test_count", text: "select count(*)::int as count from installation", values: [] };
  const before = races.hold("test_insert", "before");
  const after = races.hold("test_insert", "after");
  const inserting = races.database.transaction([statement]);
  await before.reached;
  assert.deepEqual(await database.query(count), [{ count: 0 }]);
  before.release();
  await after.reached;
  assert.deepEqual(await database.query(count), [{ count: 1 }]);
  after.release();
  await inserting;
});

test("an actor is held at a lock in the middle of its transaction", async (t) => {
  const { database } = await withDatabase(t);
  const lock = await holdLock(database, lockProject);
  const waiting = database.query({ name: "test_lock", text: lockProject, values: [] });
  await untilBlocked(database);
  await lock.release();
  assert.equal((await waiting).length, 1);
});
