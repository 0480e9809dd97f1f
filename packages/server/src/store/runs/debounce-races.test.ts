import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import type { NewRun, RunStore, TriggerOutcome } from "../../engine/ports.ts";
import { createVersionStore } from "../versions.ts";
import { type WaitStage, waitStage } from "../waits/fixtures/wait-stage.ts";
import { cancel, drive } from "./fixtures/race-stage.ts";

// A push against all that ends a delay, in both orders: the first is stopped in the middle of its transaction, the second is driven
// against it on another connection. What commits first wins.

const call = (stage: WaitStage, payload: string, changes: Partial<NewRun> = {}) =>
  stage.newRun({ payload, debounce: { key: "k", delayMs: 60_000, mode: "trailing", maxDelayMs: null }, ...changes });

const insert = async (runs: RunStore, run: NewRun): Promise<TriggerOutcome | undefined> =>
  (await runs.insert([run])).outcomes[0];

const afterLock = "runs_lock_debounced";

/** A delayed run. */
async function delayed(stage: WaitStage, changes: Partial<NewRun> = {}): Promise<NewRun> {
  const run = call(stage, "first", changes);
  await stage.insert([run]);
  return run;
}

const isDue = (stage: WaitStage) => stage.sql("update live_run set due_at = now() where state = 'delayed'");

async function payloadOf(stage: WaitStage, runId: string): Promise<unknown> {
  return (await stage.sql("select payload from run where id = $1", [runId]))[0]?.payload;
}

const joined = ({ id }: NewRun) => ({ kind: "found", runId: id, isCached: true });
const created = ({ id }: NewRun) => ({ kind: "created", runId: id });

test("promote, then push: the run is being queued, and the call makes another", async (t) => {
  const stage = await waitStage(t);
  const run = await delayed(stage);
  await isDue(stage);
  const late = call(stage, "late");
  const [, outcome] = await drive(
    stage,
    "runs_promote_due",
    ({ runs }) => runs.promoteDue(),
    () => insert(stage.runs, late),
    true,
  );
  assert.deepEqual(outcome, created(late));
  assert.deepEqual([await stage.state(run.id), await payloadOf(stage, run.id)], ["queued", "first"]);
  assert.equal(await stage.state(late.id), "delayed");
});

test("push, then promote: the run is being pushed, and stays delayed with what the call says", async (t) => {
  const stage = await waitStage(t);
  const run = await delayed(stage);
  await isDue(stage);
  const [outcome] = await drive(
    stage,
    afterLock,
    ({ runs }) => insert(runs, call(stage, "pushed")),
    () => stage.runs.promoteDue(),
    false,
  );
  assert.deepEqual(outcome, joined(run));
  await stage.runs.promoteDue();
  assert.deepEqual([await stage.state(run.id), await payloadOf(stage, run.id)], ["delayed", "pushed"]);
});

test("cancel, then push: the call makes another run", async (t) => {
  const stage = await waitStage(t);
  const run = await delayed(stage);
  const late = call(stage, "late");
  const [, outcome] = await drive(
    stage,
    "runs_cancel",
    ({ runs }) => cancel(stage, runs, run.id),
    () => insert(stage.runs, late),
    true,
  );
  assert.deepEqual(outcome, created(late));
  assert.equal(await stage.outcome(run.id), "canceled");
});

test("push, then cancel: the run is pushed and ends", async (t) => {
  const stage = await waitStage(t);
  const run = await delayed(stage);
  const [outcome] = await drive(
    stage,
    afterLock,
    ({ runs }) => insert(runs, call(stage, "pushed")),
    () => cancel(stage, stage.runs, run.id),
    true,
  );
  assert.deepEqual(outcome, joined(run));
  assert.equal(await stage.outcome(run.id), "canceled");
});

test("expire, then push: the call makes another run", async (t) => {
  const stage = await waitStage(t);
  const run = await delayed(stage, { ttlS: 60 });
  await stage.sql("update live_run set expires_at = now()");
  const late = call(stage, "late");
  const [, outcome] = await drive(
    stage,
    "runs_expire",
    ({ runs }) => runs.promoteDue(),
    () => insert(stage.runs, late),
    true,
  );
  assert.deepEqual(outcome, created(late));
  assert.equal(await stage.outcome(run.id), "expired");
});

test("reschedule and push, in both orders: the time of the reschedule stands", async (t) => {
  const stage = await waitStage(t);
  const reschedule = (runs: RunStore, runId: string) =>
    runs.reschedule(stage.environment.id, runId, { afterMs: 10_000 });
  const isInTenSeconds = async (runId: string) =>
    Math.abs(Number((await stage.liveRun(runId))?.due_at) - Date.now() - 10_000) < 2_000;
  const run = await delayed(stage);
  const late = call(stage, "late");
  const [pushed, rescheduled] = await drive(
    stage,
    afterLock,
    ({ runs }) => insert(runs, call(stage, "pushed")),
    () => reschedule(stage.runs, run.id),
    true,
  );
  assert.deepEqual([pushed, rescheduled], [joined(run), "rescheduled"]);
  assert.ok(await isInTenSeconds(run.id));
  assert.deepEqual(await insert(stage.runs, late), created(late));
  const last = call(stage, "last");
  const [, outcome] = await drive(
    stage,
    "runs_reschedule",
    ({ runs }) => reschedule(runs, late.id),
    () => insert(stage.runs, last),
    true,
  );
  assert.deepEqual(outcome, created(last));
  assert.ok(await isInTenSeconds(late.id));
  assert.equal(await payloadOf(stage, late.id), "late");
});

test("two first calls on two connections make one run, with what the later one says", async (t) => {
  const stage = await waitStage(t);
  const [one, other] = [call(stage, "one"), call(stage, "other")];
  const outcomes = await drive(
    stage,
    "runs_insert_debounced",
    ({ runs }) => insert(runs, one),
    () => insert(stage.runs, other),
    true,
  );
  assert.deepEqual(outcomes, [created(one), joined(one)]);
  assert.equal(await payloadOf(stage, one.id), "other");
});

test("two calls find the same run queued: one makes the next, the other joins it", async (t) => {
  const stage = await waitStage(t);
  await delayed(stage);
  await isDue(stage);
  await stage.runs.promoteDue();
  const [one, other] = [call(stage, "one"), call(stage, "other")];
  const outcomes = await drive(
    stage,
    "debounces_forget_stale",
    ({ runs }) => insert(runs, one),
    () => insert(stage.runs, other),
    true,
  );
  assert.deepEqual(outcomes, [created(one), joined(one)]);
});

test("two pushes on two connections: the run has the later one's payload and time", async (t) => {
  const stage = await waitStage(t);
  const run = await delayed(stage);
  const outcomes = await drive(
    stage,
    afterLock,
    ({ runs }) => insert(runs, call(stage, "one")),
    () => insert(stage.runs, call(stage, "other")),
    true,
  );
  assert.deepEqual(outcomes, [joined(run), joined(run)]);
  assert.equal(await payloadOf(stage, run.id), "other");
});

test("a run is pushed while a version with its task comes: it has the call's time and attempts", async (t) => {
  const stage = await waitStage(t);
  const run = await delayed(stage, { taskId: "unknown", maxAttempts: 2 });
  await stage.sql("update run set delay_until = now()");
  await createVersionStore(stage.database).register(stage.environment.id, {
    contentHash: "with-unknown",
    processKeepAlive: true,
    tasks: [{ id: "unknown", filePath: "a.ts", queue: { name: "task/unknown" }, retry: defaultRetryPolicy }],
  });
  await drive(
    stage,
    afterLock,
    ({ runs }) => insert(runs, call(stage, "pushed", { taskId: "unknown", maxAttempts: 9 })),
    () => stage.runs.promotePending(stage.environment.id),
    true,
  );
  const live = await stage.liveRun(run.id);
  assert.deepEqual([live?.state, live?.max_attempts, await payloadOf(stage, run.id)], ["delayed", 9, "pushed"]);
});

test("a first call commits between another's look and its insert: that one joins it", async (t) => {
  const stage = await waitStage(t);
  const [slow, quick] = [call(stage, "slow"), call(stage, "quick")];
  const outcomes = await drive(
    stage,
    afterLock,
    ({ runs }) => insert(runs, slow),
    () => insert(stage.runs, quick),
    false,
  );
  assert.deepEqual(outcomes, [joined(quick), created(quick)]);
  assert.equal(await payloadOf(stage, quick.id), "slow");
});
