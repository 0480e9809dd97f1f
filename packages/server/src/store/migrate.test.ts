import assert from "node:assert/strict";
import { test } from "node:test";
import { withDatabase } from "@pawl/testkit";
import { type Migration, migrate, readMigrations } from "./migrate.ts";

function migration(number: number, sql: string, isBreaking = true): Migration {
  return { number, name: `000${number}_test`, isBreaking, sql };
}

async function knownAnd(sql: string): Promise<readonly Migration[]> {
  const known = await readMigrations();
  return [...known, migration(known.length + 1, sql)];
}

test("every migration says whether it breaks, and they are numbered without gaps", async () => {
  const migrations = await readMigrations();
  assert.ok(migrations.length > 0);
  assert.deepEqual(
    migrations.map((one) => one.number),
    migrations.map((_, index) => index + 1),
  );
});

test("what is missing is applied once, also by servers that start together", async (t) => {
  const { database } = await withDatabase(t);
  const known = await knownAnd("create table made (id int)");
  const reports = await Promise.all([migrate(database, known), migrate(database, known), migrate(database, known)]);
  assert.deepEqual(
    reports.flatMap((report) => report.applied),
    [known.at(-1)?.name],
  );
});

test("a migration that fails changes nothing and names itself", async (t) => {
  const { database } = await withDatabase(t);
  const known = await knownAnd("create table made (id int); select 1 / 0");
  await assert.rejects(migrate(database, known), /Migration \d+_test failed: .*division by zero/);
  const found = await database.query({ name: "test_made", text: "select to_regclass('made') as made", values: [] });
  assert.deepEqual(found, [{ made: null }]);
});

test("a newer schema is served when it does not break, and refused when it does", async (t) => {
  const { database } = await withDatabase(t);
  const known = await readMigrations();
  const newer = [...known, migration(known.length + 1, "select 1", false)];
  await migrate(database, newer);
  assert.deepEqual((await migrate(database, known)).unknown, [newer.at(-1)?.name]);
  await migrate(database, [...newer, migration(known.length + 2, "select 1", true)]);
  await assert.rejects(migrate(database, known), { name: "StartError", message: /newer Pawl/ });
});
