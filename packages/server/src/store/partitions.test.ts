import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { withDatabase } from "@pawl/testkit";
import { createHousekeeping } from "./housekeeping.ts";
import { lowestUuidAt, makePartitions } from "./partitions.ts";

const dayMs = 24 * 3_600_000;

test("rows of any time from yesterday to a week ahead have their partition", async (t) => {
  const { database, environment } = await withDatabase(t, {
    except: ["A run has an outcome or a live row, never neither"],
  });
  const nowMs = Date.UTC(2031, 4, 7, 23, 59);
  await makePartitions(database, new Date(nowMs));
  for (const atMs of [nowMs - dayMs, nowMs, nowMs + 6 * dayMs]) {
    const id = newUuid(atMs);
    await database.transaction([
      {
        name: "test_run",
        text: `insert into run (environment_id, id, task_id, queue_name, payload_type, trace_id, created_at)
               values ($1, $2, 'a', 'task/a', 'application/json', 'trace', now())`,
        values: [environment.id, id],
      },
      {
        name: "test_telemetry",
        text: `insert into telemetry (environment_id, run_id, at, kind, attempt, span_id, level, message)
               values ($1, $2, $3, 'log', 1, 'span', 'info', 'text')`,
        values: [environment.id, id, new Date(atMs)],
      },
    ]);
  }
});

test("partitions are made once, also by servers that look together", async (t) => {
  const { database } = await withDatabase(t);
  const now = new Date(Date.UTC(2031, 4, 7));
  const made = await Promise.all([makePartitions(database, now), makePartitions(database, now)]);
  assert.equal(made.flat().length, new Set(made.flat()).size);
  assert.deepEqual(await makePartitions(database, now), []);
});

test("Postgres samples little of every table, and of every partition that is made", async (t) => {
  const { database } = await withDatabase(t);
  await makePartitions(database, new Date(Date.UTC(2031, 4, 7)));
  const others = await database.query({
    name: "test_targets",
    text: `
      select c.relname, a.attname, a.attstattarget from pg_class c join pg_attribute a on a.attrelid = c.oid
      left join pg_index i on i.indexrelid = c.oid
      where c.relnamespace = current_schema()::regnamespace and a.attnum > 0 and not a.attisdropped
        and (c.relkind in ('r', 'p') or i.indkey[a.attnum - 1] = 0) and a.attstattarget is distinct from 10`,
    values: [],
  });
  assert.deepEqual(others, []);
});

test("pages of the run table keep room for updates in place", async (t) => {
  const { database } = await withDatabase(t);
  const rows = await database.query({
    name: "test_fillfactor",
    text: `select c.reloptions from pg_class c join pg_inherits on inhrelid = c.oid where inhparent = 'run'::regclass`,
    values: [],
  });
  assert.ok(rows.length >= 3);
  for (const row of rows) assert.deepEqual(row.reloptions, ["fillfactor=70"]);
});

test("the lowest UUID of a time is below every id made then, and above those before", () => {
  const atMs = Date.UTC(2030, 0, 1);
  assert.ok(lowestUuidAt(atMs) < newUuid(atMs));
  assert.ok(lowestUuidAt(atMs) > newUuid(atMs - 1));
});

test("the service makes what the clock asks for, and stops twice", async (t) => {
  const { database } = await withDatabase(t);
  let now = new Date(Date.UTC(2031, 4, 7));
  const service = createHousekeeping({ database, now: () => now, onError: (error) => assert.fail(String(error)) });
  await service.stop();
  await service.runOnce();
  now = new Date(now.getTime() + 7 * dayMs);
  service.start();
  await service.runOnce();
  assert.deepEqual(await makePartitions(database, now), []);
  await service.stop();
  await service.stop();
});
