import assert from "node:assert/strict";
import { test } from "node:test";
import { createHousekeeping } from "../housekeeping.ts";
import { steppedDatabase } from "../runs/fixtures/stepped-database.ts";
import { createRunStore } from "../runs/run-store.ts";
import { type WaitStage, waitStage } from "./fixtures/wait-stage.ts";

const runOnce = (stage: WaitStage) =>
  createHousekeeping({ database: stage.database, onError: (error) => assert.fail(String(error)) }).runOnce();

const pass = (stage: WaitStage) =>
  stage.sql(`update waitpoint set completed_at = completed_at - interval '2 hours',
                                  idempotency_key_expires_at = idempotency_key_expires_at - interval '2 hours'`);

test("what nobody waits for any more is forgotten an hour later, tokens are kept", async (t) => {
  const stage = await waitStage(t);
  const { id } = await stage.waits.createToken(stage.newToken());
  await stage.completeToken(id);
  const parent = await stage.executing();
  await stage.child(parent);
  const [child] = await stage.claim();
  assert.ok(child);
  const keyed = { kind: "time", at: new Date(0), idempotency: { key: "k", lifeS: 60 } } as const;
  await stage.open(parent, "time#1", keyed);
  await stage.runs.promoteDue();
  await stage.complete(child);
  const kinds = async () => (await stage.sql("select kind from waitpoint order by 1")).map((row) => row.kind);
  await pass(stage);
  await runOnce(stage);
  assert.deepEqual(await kinds(), ["run", "time", "token"]);
  await stage.complete(parent);
  await runOnce(stage);
  assert.deepEqual(await kinds(), ["token"]);
});

test("what somebody begins to wait for in the same moment is not forgotten", async (t) => {
  const stage = await waitStage(t);
  const idempotency = { key: "once", lifeS: 60, source: null, scope: null } as const;
  const first = await stage.executing();
  const childId = await stage.child(first, "run#1", { idempotency });
  const [child] = await stage.claim();
  assert.ok(child);
  await stage.complete(child);
  await stage.complete(first);
  await pass(stage);
  const second = await stage.executing();
  const stepped = steppedDatabase(stage.database);
  const step = stepped.stopAfter("runs_join");
  const run = stage.newRun({ triggerFunction: "triggerAndWait", parent: stage.parentOf(second, "run#1"), idempotency });
  const joining = createRunStore(stepped.database).insert([run]);
  await step.reached;
  await runOnce(stage);
  step.release();
  const [outcome] = (await joining).outcomes;
  assert.ok(outcome?.kind === "found" && outcome.runId === childId);
  await runOnce(stage);
  assert.equal((await stage.suspend(second, "run#1")).resumed[0]?.waits.length, 1);
});
