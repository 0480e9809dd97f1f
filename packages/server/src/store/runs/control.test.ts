import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { waitStage } from "../waits/fixtures/wait-stage.ts";

test("a delayed run is given another time, and its time to live counts from then", async (t) => {
  const stage = await waitStage(t);
  const [runId = ""] = await stage.trigger(1, { delay: { afterMs: 60_000 }, ttlS: 30 });
  const reschedule = (id: string, afterMs: number) => stage.runs.reschedule(stage.environment.id, id, { afterMs });
  assert.equal(await reschedule(runId, 3_600_000), "rescheduled");
  const [row] = await stage.sql(
    `select extract(epoch from due_at - now())::float8 as due_in, extract(epoch from expires_at - due_at)::float8 as ttl
     from live_run where run_id = $1`,
    [runId],
  );
  assert.ok(Number(row?.due_in) > 3_590 && Math.round(Number(row?.ttl)) === 30);
  const at = new Date(Date.now() - 1_000);
  assert.equal(await stage.runs.reschedule(stage.environment.id, runId, { at }), "rescheduled");
  const [{ delay_until: delayUntil } = {}] = await stage.sql("select delay_until from run where id = $1", [runId]);
  assert.deepEqual(delayUntil, at);
  await stage.runs.promoteDue();
  assert.equal(await stage.state(runId), "queued");
  assert.equal(await reschedule(runId, 1), "not_delayed");
  assert.equal(await reschedule(newUuid(), 1), "not_found");
});

test("a retry's time can't be changed", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.fail(claim, 60_000);
  assert.equal(await stage.runs.reschedule(stage.environment.id, claim.runId, { afterMs: 1 }), "not_delayed");
});

test("a replay starts from the payload and the options of its run, without its key and its parent", async (t) => {
  const stage = await waitStage(t);
  const options = {
    payload: '{"json":7}',
    tags: ["a"],
    concurrencyKey: "k",
    priorityS: 3,
    metadata: '{"m":1}',
    machine: "micro",
    maxDurationS: 9,
    maxAttempts: 2,
    ttlS: 60,
  };
  const run = stage.newRun({ ...options, idempotency: { key: "k", lifeS: 9, source: null, scope: null } });
  await stage.insert([run]);
  const source = await stage.runs.readForReplay(stage.environment.id, run.id);
  assert.ok(source);
  assert.deepEqual({ ...source, ...options }, source);
  assert.deepEqual(
    [source.replayOf, source.idempotency, source.parent, source.lockToVersion],
    [run.id, null, null, null],
  );
  assert.equal(await stage.runs.readForReplay(stage.environment.id, newUuid()), null);
  const again = stage.newRun(source);
  assert.equal((await stage.insert([again]))[0]?.kind, "created");
});

test("a key that is reset is free", async (t) => {
  const stage = await waitStage(t);
  const idempotency = { key: "k", lifeS: 60, source: null, scope: null } as const;
  const [first] = await stage.trigger(1, { idempotency });
  const reset = (key: string) => stage.runs.resetIdempotencyKey(stage.environment.id, "stage.plain.run", key);
  assert.deepEqual([await reset("other"), await reset("k"), await reset("k")], [false, true, false]);
  const [outcome] = await stage.insert([stage.newRun({ idempotency })]);
  assert.equal(outcome?.kind, "created");
  assert.ok(first);
});
