import assert from "node:assert/strict";
import { test } from "node:test";
import { createHousekeeping } from "./housekeeping.ts";
import { runStage } from "./runs/fixtures/run-stage.ts";

test("request keys are forgotten when they have expired, and not before", async (t) => {
  const stage = await runStage(t);
  await stage.insert([stage.newRun({ requestKey: "old" }), stage.newRun({ requestKey: "new" })]);
  await stage.sql("update request_key set expires_at = now() - interval '1 second' where key = 'old'");
  await createHousekeeping({ database: stage.database, onError: (error) => assert.fail(String(error)) }).runOnce();
  assert.deepEqual(await stage.sql("select key from request_key"), [{ key: "new" }]);
});

test("idempotency keys are forgotten when they have expired, and not before", async (t) => {
  const stage = await runStage(t);
  const key = (name: string) => ({ key: name, lifeS: 60, source: null, scope: null });
  await stage.insert([stage.newRun({ idempotency: key("old") }), stage.newRun({ idempotency: key("new") })]);
  await stage.sql("update idempotency_key set expires_at = now() - interval '1 second' where key = 'old'");
  await createHousekeeping({ database: stage.database, onError: (error) => assert.fail(String(error)) }).runOnce();
  assert.deepEqual(await stage.sql("select key from idempotency_key"), [{ key: "new" }]);
});

test("debounce keys are forgotten when their run is no longer delayed, and not before", async (t) => {
  const stage = await runStage(t);
  const delayed = (key: string) =>
    stage.newRun({ debounce: { key, delayMs: 60_000, mode: "leading", maxDelayMs: null } });
  const [old, live, recent] = [delayed("old"), delayed("live"), delayed("recent")];
  await stage.insert([old, live, recent]);
  await stage.sql("update debounce set first_at = now() - interval '1 hour' where key <> 'recent'");
  await stage.runs.cancel(stage.environment.id, [old.id, recent.id]);
  await createHousekeeping({ database: stage.database, onError: (error) => assert.fail(String(error)) }).runOnce();
  assert.deepEqual(await stage.sql("select key from debounce order by 1"), [{ key: "live" }, { key: "recent" }]);
});

test("a lane is forgotten when it has been empty for an hour, and made again", async (t) => {
  const stage = await runStage(t);
  for (const concurrencyKey of ["old", "new", "busy"]) await stage.trigger(1, { concurrencyKey });
  await stage.claim({ direct: 3 });
  await stage.sql("update lane set standing = 'empty' where concurrency_key <> 'busy'");
  await stage.sql(
    "update lane set served_at = now() - interval '2 hours', head_at = now() - interval '2 hours' where concurrency_key <> 'new'",
  );
  await createHousekeeping({ database: stage.database, onError: (error) => assert.fail(String(error)) }).runOnce();
  assert.deepEqual(await stage.sql("select concurrency_key from lane order by 1"), [
    { concurrency_key: "busy" },
    { concurrency_key: "new" },
  ]);
  await stage.trigger(1, { concurrencyKey: "old" });
  assert.equal((await stage.claim({ direct: 3 })).length, 1);
});

test("words that no claim will read are forgotten, others are not", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(1);
  await stage.claim();
  for (const [queueName, hours] of [
    ["unread", 3],
    ["waiting", 1],
  ]) {
    await stage.sql(
      `insert into lane_wake (environment_id, at, queue_name, concurrency_key)
       values ($1, now() - $2::int * interval '1 hour', $3, '')`,
      [stage.environment.id, hours, queueName],
    );
  }
  await stage.sql("update dispatch set woken_from = now() - interval '2 hours'");
  await createHousekeeping({ database: stage.database, onError: (error) => assert.fail(String(error)) }).runOnce();
  assert.deepEqual(await stage.sql("select queue_name from lane_wake"), [{ queue_name: "waiting" }]);
});

test("a round makes the partitions of the week after the next", async (t) => {
  const stage = await runStage(t);
  const count = async () => (await stage.sql("select from pg_inherits where inhparent = 'run'::regclass")).length;
  const before = await count();
  const inAWeek = new Date(Date.now() + 7 * 24 * 3_600_000);
  await createHousekeeping({
    database: stage.database,
    now: () => inAWeek,
    onError: (error) => assert.fail(String(error)),
  }).runOnce();
  assert.equal(await count(), before + 1);
});

test("old buckets are forgotten in pages, so that claims hardly wait", async (t) => {
  const stage = await runStage(t);
  await stage.sql(
    `insert into rate_bucket (environment_id, queue_name, is_combined, concurrency_key, full_at)
     select $1, 'q', false, n, now() - case when n < 3 then interval '0' else interval '2 hours' end from generate_series(1, 12000) n`,
    [stage.environment.id],
  );
  const pages: number[] = [];
  const { database } = stage;
  const watched: typeof database = {
    query: (statement) => database.query(statement),
    connect: () => database.connect(),
    close: () => database.close(),
    async transaction(statements) {
      const rows = await database.transaction(statements);
      if (statements.some(({ name }) => name === "buckets_forget")) pages.push(rows.at(-1)?.length ?? 0);
      return rows;
    },
  };
  await createHousekeeping({ database: watched, onError: (error) => assert.fail(String(error)) }).runOnce();
  assert.deepEqual(pages, [5_000, 5_000, 1_998]);
  assert.deepEqual(await stage.sql("select concurrency_key from rate_bucket order by 1"), [
    { concurrency_key: "1" },
    { concurrency_key: "2" },
  ]);
});
