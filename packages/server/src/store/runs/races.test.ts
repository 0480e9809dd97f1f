import assert from "node:assert/strict";
import { test } from "node:test";
import { untilBlocked } from "@pawl/testkit";
import type { Claim } from "../../engine/ports.ts";
import { type WaitStage, waitStage } from "../waits/fixtures/wait-stage.ts";
import { cancel, complete, drive, fail, settlement } from "./fixtures/race-stage.ts";
import { steppedDatabase } from "./fixtures/stepped-database.ts";
import { createRunStore } from "./run-store.ts";

// Each pair of verbs that decide about the same rows, in both orders: the first is stopped in the middle of its transaction, the
// second is driven against it on another connection.

test("cancel and complete: the run completes while it is being cancelled", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  const [outcome] = await drive(
    stage,
    "runs_cancel",
    ({ runs }) => cancel(stage, runs, claim.runId),
    () => complete(stage, stage.runs, claim),
    true,
  );
  assert.equal(outcome.cancelling.length, 1);
  assert.equal(await stage.outcome(claim.runId), "canceled");
});

test("cancel and complete: the run is cancelled while it completes", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  const [, outcome] = await drive(
    stage,
    "runs_complete",
    ({ runs }) => complete(stage, runs, claim),
    () => cancel(stage, stage.runs, claim.runId),
    true,
  );
  assert.deepEqual(outcome.already, [claim.runId]);
  assert.equal(await stage.outcome(claim.runId), "completed");
});

test("claim and cancel: the run is cancelled while it is claimed, to start or ahead", async (t) => {
  const stage = await waitStage(t);
  for (const direct of [1, 0]) {
    const [runId = ""] = await stage.trigger(1);
    const [claimed, outcome] = await drive(
      stage,
      "runs_claim",
      ({ runs }) => runs.claim(stage.claimRequest({ direct, ahead: 1 - direct })),
      () => cancel(stage, stage.runs, runId),
      true,
    );
    assert.equal(claimed.claimed.length, 1);
    assert.deepEqual([outcome.cancelling.length, outcome.recalled.length], [direct, 1 - direct]);
    await stage.runs.endCancelling(stage.environment.id, [runId]);
  }
});

test("cancel and cancel: a run that is there only after both have locked theirs ends once", async (t) => {
  const stage = await waitStage(t);
  const run = stage.newRun();
  const cancelling = () => {
    const stepped = steppedDatabase(stage.database);
    const locked = stepped.stopAfter("runs_lock_cancelled");
    return { stepped, locked, outcome: cancel(stage, createRunStore(stepped.database), run.id) };
  };
  const [first, second] = [cancelling(), cancelling()];
  await Promise.all([first.locked.reached, second.locked.reached]);
  await stage.runs.insert([run]);
  const ended = first.stepped.stopAfter("runs_cancel");
  first.locked.release();
  await ended.reached;
  second.locked.release();
  await untilBlocked(stage.database);
  ended.release();
  assert.deepEqual((await first.outcome).finished, [run.id]);
  assert.deepEqual((await second.outcome).already, [run.id]);
});

test("retry and cancel: the attempt fails while the run is being cancelled", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await drive(
    stage,
    "runs_cancel",
    ({ runs }) => cancel(stage, runs, claim.runId),
    () => fail(stage, stage.runs, claim, 60_000),
    true,
  );
  assert.equal(await stage.outcome(claim.runId), "canceled");
});

test("retry and cancel: the run is cancelled while its attempt fails", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  const [, outcome] = await drive(
    stage,
    "runs_fail",
    ({ runs }) => fail(stage, runs, claim, 60_000),
    () => cancel(stage, stage.runs, claim.runId),
    true,
  );
  assert.deepEqual(outcome.finished, [claim.runId]);
  assert.equal(await stage.outcome(claim.runId), "canceled");
});

async function waitingForToken(stage: WaitStage) {
  const { id } = await stage.waits.createToken(stage.newToken({ timeout: { afterMs: -1 } }));
  const claim = await stage.executing();
  await stage.open(claim, "token#1", { kind: "join", waitpointId: id });
  await stage.suspend(claim, "token#1");
  return { id, claim };
}

const tokenResult = async (stage: WaitStage) => (await stage.resume()).map((run) => run.waits[0]?.result);

test("complete and wait deadline: the token's time comes while it is being completed", async (t) => {
  const stage = await waitStage(t);
  const { id } = await waitingForToken(stage);
  const body = { text: "1", type: "application/json" };
  const [completed] = await drive(
    stage,
    "tokens_complete",
    ({ waits }) => waits.completeToken(stage.environment.id, id, body),
    () => stage.runs.promoteDue(),
    false,
  );
  assert.equal(completed, "completed");
  await stage.runs.promoteDue();
  assert.deepEqual(await tokenResult(stage), [
    { kind: "token", isTimeout: false, output: "1", outputType: "application/json" },
  ]);
});

test("complete and wait deadline: the token is completed while its time comes", async (t) => {
  const stage = await waitStage(t);
  const { id } = await waitingForToken(stage);
  const [, completed] = await drive(
    stage,
    "waits_end_due",
    ({ runs }) => runs.promoteDue(),
    () => stage.completeToken(id),
    true,
  );
  assert.equal(completed, "already_completed");
  assert.deepEqual(await tokenResult(stage), [{ kind: "token", isTimeout: true }]);
});

async function resumingRun(stage: WaitStage): Promise<Claim> {
  const claim = await stage.executing();
  await stage.sleep(claim, "time#1", -1);
  await stage.suspend(claim, "time#1");
  await stage.runs.promoteDue();
  return claim;
}

test("resume and host loss: the host is lost while its run goes on", async (t) => {
  const stage = await waitStage(t);
  const claim = await resumingRun(stage);
  await stage.loseHost();
  const [outcome, lost] = await drive(
    stage,
    "runs_resume",
    ({ runs }) => runs.claim(stage.claimRequest({ direct: 0 })),
    () => stage.runs.rescue(),
    true,
  );
  assert.deepEqual([outcome.resumed.length, lost.rescued], [1, 1]);
  const live = await stage.liveRun(claim.runId);
  assert.deepEqual([live?.state, live?.attempt, live?.is_recovering], ["queued", 1, true]);
});

test("resume and host loss: the run would go on while its host is being lost", async (t) => {
  const stage = await waitStage(t);
  const claim = await resumingRun(stage);
  await stage.loseHost();
  const [lost, outcome] = await drive(
    stage,
    "runs_rescue",
    ({ runs }) => runs.rescue(),
    () => stage.runs.claim(stage.claimRequest({ direct: 0 })),
    true,
  );
  assert.deepEqual([lost.rescued, outcome.resumed], [1, []]);
  const live = await stage.liveRun(claim.runId);
  assert.deepEqual([live?.state, live?.attempt, live?.is_recovering], ["queued", 0, true]);
});

test("claim and host loss: the host is lost while it is given a run, and given none while it is lost", async (t) => {
  const stage = await waitStage(t);
  const { connection } = (await stage.sql("select connection from host"))[0] ?? {};
  const request = stage.claimRequest({ connection: Number(connection) });
  const [runId = ""] = await stage.trigger(1);
  await stage.loseHost();
  const [given, lost] = await drive(
    stage,
    "runs_claim",
    ({ runs }) => runs.claim(request),
    () => stage.runs.rescue(),
    true,
  );
  assert.deepEqual([given.claimed.length, lost.rescued], [1, 1]);
  assert.equal(await stage.state(runId), "queued");
  await stage.sql("insert into host select $1, $2, 'again', '{}', now(), now(), $3", [
    stage.hostId,
    stage.environment.id,
    connection,
  ]);
  const [, none] = await drive(
    stage,
    "runs_rescue",
    ({ runs }) => runs.rescue(),
    () => stage.runs.claim(request),
    true,
  );
  assert.deepEqual(none.claimed, []);
  assert.equal(await stage.state(runId), "queued");
});

test("open and end: what a run opens while it ends is forgotten, too", async (t) => {
  const stage = await waitStage(t);
  const ends: readonly ((claim: Claim) => Promise<unknown>)[] = [
    (claim: Claim) => complete(stage, stage.runs, claim),
    (claim: Claim) => fail(stage, stage.runs, claim, null),
    (claim: Claim) => fail(stage, stage.runs, claim, 60_000),
    () => stage.loseHost().then(() => stage.runs.rescue()),
  ];
  for (const end of ends) {
    const claim = await stage.executing({ maxAttempts: 2 });
    if (end === ends.at(-1)) await stage.sql("update live_run set max_attempts = 1 where state = 'executing'");
    const at = new Date(Date.now() + 60_000);
    const wait = { ...claim, wait: "time#1", opens: { kind: "time", at, idempotency: null } } as const;
    await drive(
      stage,
      "waits_join",
      ({ waits }) => waits.open(stage.environment.id, stage.hostId, [wait]),
      () => end(claim),
      true,
    );
    assert.deepEqual(await stage.sql("select from run_wait union all select from waitpoint"), []);
  }
});

test("expire and start: a run starts while it expires, and expires while it starts", async (t) => {
  const stage = await waitStage(t);
  const ahead = async () => {
    await stage.trigger(1, { ttlS: 60 });
    const [claimed] = await stage.claim({ direct: 0, ahead: 1 });
    assert.ok(claimed);
    await stage.sql("update live_run set expires_at = now() where run_id = $1", [claimed.runId]);
    return { runId: claimed.runId, fence: claimed.fence };
  };
  const expired = await ahead();
  const [, late] = await drive(
    stage,
    "runs_expire",
    ({ runs }) => runs.promoteDue(),
    () => stage.settle({ started: [expired] }),
    true,
  );
  assert.deepEqual(late.lost, [expired]);
  const started = await ahead();
  const [, outcome] = await drive(
    stage,
    "runs_start",
    ({ runs }) => runs.settle({ ...settlement(stage), started: [started] }),
    () => stage.runs.promoteDue(),
    false,
  );
  assert.deepEqual(outcome.recalled, []);
  assert.equal(await stage.state(started.runId), "executing");
});

test("trigger and trigger: a key is taken by one that claims after it, while another would claim the run as it is made", async (t) => {
  const stage = await waitStage(t);
  const failures: unknown[] = [];
  // A store whose last claim left nothing, so that it claims runs as they are made.
  const made = createRunStore({
    ...stage.database,
    async transaction(statements) {
      return stage.database.transaction(statements).catch((error: unknown) => {
        failures.push(error);
        throw error;
      });
    },
  });
  for (let round = 0; round < 2; round++) {
    const { claim } = await made.insertAndClaim([stage.newRun()], stage.claimRequest({ direct: 2 }));
    for (const claimed of claim.claimed) await complete(stage, made, claimed);
  }
  const keyed = () => stage.newRun({ idempotency: { key: "one", lifeS: 60, source: null, scope: null } });
  const [first, second] = await drive(
    stage,
    "runs_insert_with_options",
    ({ runs }) => runs.insertAndClaim([keyed()], stage.claimRequest()),
    () => made.insertAndClaim([keyed()], stage.claimRequest()),
    true,
  );
  const [runId] = first.claim.claimed.map((run) => run.runId);
  assert.deepEqual(second.outcomes, [{ kind: "found", runId, isCached: true }]);
  assert.deepEqual(failures, [], "a transaction was undone for the other");
});
