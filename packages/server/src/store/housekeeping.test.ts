import assert from "node:assert/strict";
import { test } from "node:test";
import { createHousekeeping } from "./housekeeping.ts";
import { runStage } from "./runs/fixtures/run-stage.ts";

test("request keys are forgotten when they have expired, and not before", async (t) => {
  const stage = await runStage(t);
  await stage.runs.insert([stage.newRun({ requestKey: "old" }), stage.newRun({ requestKey: "new" })]);
  await stage.sql("update request_key set expires_at = now() - interval '1 second' where key = 'old'");
  await createHousekeeping({ database: stage.database, onError: (error) => assert.fail(String(error)) }).runOnce();
  assert.deepEqual(await stage.sql("select key from request_key"), [{ key: "new" }]);
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
