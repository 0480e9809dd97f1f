import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { holdLock, untilBlocked } from "@pawl/testkit";
import type { Claim, NewRun } from "../../engine/ports.ts";
import { limitedTask, plainTask, type RunStage, runStage } from "./fixtures/run-stage.ts";

const key = (name: string, lifeS = 60) => ({ key: name, lifeS, source: name, scope: "global" as const });

async function complete(stage: RunStage, claims: readonly Claim[]): Promise<void> {
  await stage.settle({
    completed: claims.map(({ runId, fence }) => ({
      runId,
      fence,
      output: "1",
      outputType: "application/json" as const,
      durationMs: 1,
    })),
  });
}

test("a second trigger with the same key finds the run of the first, one of another task makes its own", async (t) => {
  const stage = await runStage(t);
  const first = stage.newRun({ idempotency: key("once") });
  assert.deepEqual(await stage.insert([first]), [{ kind: "created", runId: first.id }]);
  const other = stage.newRun({ taskId: limitedTask, idempotency: key("once") });
  assert.deepEqual(await stage.insert([stage.newRun({ idempotency: key("once") }), other]), [
    { kind: "found", runId: first.id, isCached: true },
    { kind: "created", runId: other.id },
  ]);
  assert.equal((await stage.sql("select from run")).length, 2);
});

test("the retry of a call finds what its first try made, and says that it is of this call", async (t) => {
  const stage = await runStage(t);
  const first = stage.newRun({ requestKey: "call", idempotency: key("once") });
  await stage.insert([first]);
  const again = stage.newRun({ requestKey: "call", idempotency: key("once") });
  assert.deepEqual(await stage.insert([again]), [{ kind: "found", runId: first.id, isCached: false }]);
});

test("a key that has expired or was reset makes another run", async (t) => {
  const stage = await runStage(t);
  const make = async () => {
    const run = stage.newRun({ idempotency: key("once") });
    assert.deepEqual(await stage.insert([run]), [{ kind: "created", runId: run.id }]);
  };
  await make();
  await stage.sql("update idempotency_key set expires_at = now()");
  assert.equal(await stage.runs.resetIdempotencyKey(stage.environment.id, plainTask, "once"), false);
  await make();
  await stage.sql("update idempotency_key set expires_at = now()");
  await make();
  assert.equal(await stage.runs.resetIdempotencyKey(stage.environment.id, limitedTask, "once"), false);
  assert.equal(await stage.runs.resetIdempotencyKey(stage.environment.id, plainTask, "once"), true);
  await make();
});

test("many triggers with the same keys on many connections, in any order, make one run for each", async (t) => {
  const stage = await runStage(t);
  const names = ["a", "b", "c", "d"];
  const arrays = Array.from({ length: 12 }, (_, n) => {
    const ordered = n % 2 === 0 ? names : [...names].reverse();
    return stage.insert(ordered.map((name) => stage.newRun({ idempotency: key(name) })));
  });
  const outcomes = (await Promise.all(arrays)).flat();
  assert.equal(outcomes.filter((outcome) => outcome.kind === "created").length, 4);
  assert.equal(new Set(outcomes.map((outcome) => outcome.kind !== "refused" && outcome.runId)).size, 4);
});

test("two triggers with the same key in one array make one run", async (t) => {
  const stage = await runStage(t);
  const first = stage.newRun({ idempotency: key("once") });
  assert.deepEqual(await stage.insert([first, stage.newRun({ idempotency: key("once") })]), [
    { kind: "created", runId: first.id },
    { kind: "found", runId: first.id, isCached: true },
  ]);
});

test("a batch item whose key is taken is the run that has it", async (t) => {
  const stage = await runStage(t);
  const [first] = await stage.trigger(1, { idempotency: key("once") });
  const batchId = newUuid();
  await stage.sql("insert into batch (environment_id, id, run_count) values ($1, $2, 2)", [
    stage.environment.id,
    batchId,
  ]);
  const item = (batchIndex: number, name: string) => stage.newRun({ batchId, batchIndex, idempotency: key(name) });
  const outcomes = await stage.insert([item(0, "once"), item(1, "other")]);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.kind),
    ["found", "created"],
  );
  const [place] = await stage.sql("select run_id from batch_item where index = 0");
  assert.equal(place?.run_id, first);
});

/** A parent that executes, and a child of its that waits for it to be joined. */
async function family(stage: RunStage): Promise<{ parent: NewRun["parent"]; parentClaim: Claim; childId: string }> {
  const parentClaim = await stage.executing();
  const [childId = ""] = await stage.trigger(1, { idempotency: key("once") });
  return {
    parent: { runId: parentClaim.runId, claim: { hostId: stage.hostId, fence: parentClaim.fence }, wait: "run#1" },
    parentClaim,
    childId,
  };
}

async function waitOf(stage: RunStage): Promise<unknown> {
  const [row] = await stage.sql(`
    select w.run_id, w.key, p.id, p.completed_at is not null as is_over
    from run_wait w join waitpoint p on p.id = w.waitpoint_id`);
  return row;
}

test("a parent that waits with a key that is taken waits for the run that has it", async (t) => {
  const stage = await runStage(t);
  const { parent, parentClaim, childId } = await family(stage);
  const joining = stage.newRun({ parent, triggerFunction: "triggerAndWait", idempotency: key("once") });
  assert.deepEqual(await stage.insert([joining]), [{ kind: "found", runId: childId, isCached: true }]);
  assert.deepEqual(await waitOf(stage), { run_id: parentClaim.runId, key: "run#1", id: childId, is_over: false });
  assert.equal((await stage.liveRun(childId))?.is_awaited, true);
  await complete(stage, await stage.claim());
  assert.deepEqual(await waitOf(stage), { run_id: parentClaim.runId, key: "run#1", id: childId, is_over: true });
});

test("a wait for a run that has finished is over at once", async (t) => {
  const stage = await runStage(t);
  const { parent, childId, parentClaim } = await family(stage);
  await complete(stage, await stage.claim());
  await stage.insert([stage.newRun({ parent, triggerFunction: "triggerAndWait", idempotency: key("once") })]);
  assert.deepEqual(await waitOf(stage), { run_id: parentClaim.runId, key: "run#1", id: childId, is_over: true });
});

test("a parent that has lost its claim joins nothing", async (t) => {
  const stage = await runStage(t);
  const { parent } = await family(stage);
  await stage.sql("update live_run set fence = fence + 1 where host_id is not null");
  const outcomes = await stage.insert([
    stage.newRun({ parent, triggerFunction: "triggerAndWait", idempotency: key("once") }),
  ]);
  assert.deepEqual(outcomes, [{ kind: "refused", reason: { kind: "lost_claim" } }]);
  assert.equal(await waitOf(stage), undefined);
});

for (const first of ["the join", "the end"] as const) {
  test(`a parent joins a run at the moment of its end, ${first} first: the wait is over`, async (t) => {
    const stage = await runStage(t);
    const { parent, parentClaim, childId } = await family(stage);
    const claims = await stage.claim();
    const lock = await holdLock(stage.database, `select from live_run where run_id = '${childId}' for update`);
    const join = () =>
      stage.insert([stage.newRun({ parent, triggerFunction: "triggerAndWait", idempotency: key("once") })]);
    const end = () => complete(stage, claims);
    const [one, other] = first === "the join" ? [join, end] : [end, join];
    const earlier = one();
    await untilBlocked(stage.database);
    const later = other();
    await untilBlocked(stage.database, 2);
    await lock.release();
    await Promise.all([earlier, later]);
    assert.deepEqual(await waitOf(stage), { run_id: parentClaim.runId, key: "run#1", id: childId, is_over: true });
  });
}
