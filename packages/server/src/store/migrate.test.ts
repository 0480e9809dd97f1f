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

test("the engine's schema comes over the runs of the first one", async (t) => {
  const { database, environment, onEnd } = await withDatabase(t);
  const [first, second] = await readMigrations();
  const client = await database.connect();
  onEnd(() => client.end());
  const id = (n: number) => `01a20000-0000-7000-8000-00000000000${n}`;
  await client.query("create schema old; set search_path to old");
  await client.query(first?.sql ?? "");
  await client.query(`
    insert into project select * from public.project;
    insert into environment (id, project_id, slug, type) select id, project_id, slug, type from public.environment;
    insert into version values ('${environment.id}', '${id(9)}', '20300101.1', 'hash', true, true);
    insert into batch (environment_id, id, run_count) values ('${environment.id}', '${id(8)}', 1);
    insert into batch_item values ('${environment.id}', '${id(8)}', 0, '${id(1)}');
    insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at, version_id, attempt, host_id,
                          attempt_started_at, due_at)
    values ('${environment.id}', '${id(1)}', 'queued', 'a', 'q', 3, '2030-01-02', null, 0, null, null, null),
           ('${environment.id}', '${id(2)}', 'queued', 'a', 'q', 3, '2030-01-01', null, 0, null, null, null),
           ('${environment.id}', '${id(3)}', 'queued', 'a', 'q', 3, '2030-01-01', '${id(9)}', 1, null, null, null),
           ('${environment.id}', '${id(4)}', 'claimed', 'a', 'q', 3, null, '${id(9)}', 0, '${id(7)}', null, null),
           ('${environment.id}', '${id(5)}', 'executing', 'a', 'q', 3, null, '${id(9)}', 1, '${id(7)}', now(), null),
           ('${environment.id}', '${id(6)}', 'delayed', 'a', 'q', 3, null, null, 0, null, null, now())`);
  await client.query(second?.sql ?? "");
  const held = await client.query("select run_id from live_run where holds_slot and booked_at is not null order by 1");
  assert.deepEqual(held.rows, [{ run_id: id(4) }, { run_id: id(5) }]);
  const words = await client.query(
    "select queue_name, version_id, order_at = '2030-01-01' as is_first from lane_wake order by version_id",
  );
  assert.deepEqual(words.rows, [
    { queue_name: "q", version_id: "00000000-0000-0000-0000-000000000000", is_first: true },
    { queue_name: "q", version_id: id(9), is_first: true },
  ]);
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
