import assert from "node:assert/strict";
import { test } from "node:test";
import { untilBlocked } from "@pawl/testkit";
import type { Claim, RunStore } from "../../engine/ports.ts";
import type { WaitStore } from "../../engine/wait-ports.ts";
import { createBatchStore } from "../batches.ts";
import { error, output, type WaitStage, waitStage } from "../waits/fixtures/wait-stage.ts";
import { createWaitStore } from "../waits/wait-store.ts";
import { steppedDatabase } from "./fixtures/stepped-database.ts";
import { createRunStore } from "./run-store.ts";

// Each pair of verbs that decide about the same rows, in both orders: the first is stopped in the middle of its transaction, the
// second is driven against it on another connection.

/** What the first of two actors uses. */
interface Actor {
  readonly runs: RunStore;
  readonly waits: WaitStore;
  readonly batches: ReturnType<typeof createBatchStore>;
}

/**
 * Drives the second verb while the first is stopped after one of its statements.
 *
 * @param isBlocked - whether the second has to wait for the first
 */
async function drive<First, Second>(
  stage: WaitStage,
  after: string,
  first: (actor: Actor) => Promise<First>,
  second: () => Promise<Second>,
  isBlocked: boolean,
): Promise<readonly [First, Second]> {
  const stepped = steppedDatabase(stage.database);
  const { database } = stepped;
  const step = stepped.stopAfter(after);
  const leading = first({
    runs: createRunStore(database),
    waits: createWaitStore(database),
    batches: createBatchStore(database),
  });
  await Promise.race([step.reached, leading.then(() => assert.fail(`"${after}" was never sent`))]);
  const following = second();
  await (isBlocked ? untilBlocked(stage.database) : following);
  step.release();
  return Promise.all([leading, following]);
}

const settlement = (stage: WaitStage) => ({
  environmentId: stage.environment.id,
  hostId: stage.hostId,
  completed: [],
  failed: [],
  started: [],
  returned: [],
  orphaned: [],
});

const complete = (stage: WaitStage, runs: RunStore, { runId, fence }: Claim) =>
  runs.settle({ ...settlement(stage), completed: [{ runId, fence, ...output }] });

const fail = (stage: WaitStage, runs: RunStore, { runId, fence }: Claim, retryDelayMs: number | null) =>
  runs.settle({
    ...settlement(stage),
    failed: [{ runId, fence, error, outcome: "failed", durationMs: 1, retryDelayMs, isRetriedInPlace: false }],
  });

const cancel = (stage: WaitStage, runs: RunStore, runId: string) => runs.cancel(stage.environment.id, [runId]);

const suspend = (stage: WaitStage, waits: WaitStore, { runId, fence }: Claim, ...keys: string[]) =>
  waits.suspend(stage.environment.id, stage.hostId, [{ runId, fence, waits: keys }]);

/** A parent that is about to wait for a child, which executes. */
async function parentAndChild(stage: WaitStage): Promise<{ readonly parent: Claim; readonly child: Claim }> {
  const parent = await stage.executing();
  const childId = await stage.child(parent);
  const [child] = await stage.claim();
  assert.equal(child?.runId, childId);
  return { parent, child: { runId: childId, fence: 1 } };
}

/** A parent that waits for a sealed batch of two runs, which execute. */
async function parentAndBatch(stage: WaitStage) {
  const parent = await stage.executing();
  const batchId = await stage.batch(parent);
  await stage.addItems(batchId, 2);
  const children = await stage.claim({ direct: 2 });
  const [first, second] = children;
  assert.ok(first && second);
  return { parent, batchId, first, second };
}

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

test("suspend and complete: the child ends while its parent is about to wait", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  const [suspended, settled] = await drive(
    stage,
    "waits_lock_awaited",
    ({ waits }) => suspend(stage, waits, parent, "run#1"),
    () => complete(stage, stage.runs, child),
    true,
  );
  assert.deepEqual([suspended.resumed, settled.hasFreed], [[], true]);
  assert.equal(await stage.state(parent.runId), "resuming");
});

test("suspend and complete: the parent waits while its child is about to end", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  const [settled, suspended] = await drive(
    stage,
    "runs_complete",
    ({ runs }) => complete(stage, runs, child),
    () => suspend(stage, stage.waits, parent, "run#1"),
    false,
  );
  assert.deepEqual([suspended.resumed, settled.hasFreed], [[], true]);
  assert.equal(await stage.state(parent.runId), "resuming");
});

test("suspend and complete: the parent would wait while its child ends", async (t) => {
  const stage = await waitStage(t);
  const { parent, child } = await parentAndChild(stage);
  const [, suspended] = await drive(
    stage,
    "waits_complete",
    ({ runs }) => complete(stage, runs, child),
    () => suspend(stage, stage.waits, parent, "run#1"),
    true,
  );
  assert.equal(suspended.resumed.length, 1);
  assert.equal(await stage.state(parent.runId), "executing");
});

test("suspend and complete: a token is completed while a run is about to wait for it, and after", async (t) => {
  const stage = await waitStage(t);
  for (const after of ["waits_lock_awaited", "runs_suspend"]) {
    const { id } = await stage.waits.createToken(stage.newToken());
    const claim = await stage.executing();
    await stage.open(claim, "token#1", { kind: "join", waitpointId: id });
    const [suspended, completed] = await drive(
      stage,
      after,
      ({ waits }) => suspend(stage, waits, claim, "token#1"),
      () => stage.completeToken(id),
      true,
    );
    assert.deepEqual([suspended.resumed, completed], [[], "completed"]);
    assert.equal(await stage.state(claim.runId), "resuming");
  }
});

test("the last two runs of a batch: one ends while the other is about to", async (t) => {
  const stage = await waitStage(t);
  const { parent, batchId, first, second } = await parentAndBatch(stage);
  await stage.batches.seal(stage.environment.id, batchId);
  await stage.suspend(parent, "batch#1");
  const [one, other] = await drive(
    stage,
    "runs_complete",
    ({ runs }) => complete(stage, runs, first),
    () => complete(stage, stage.runs, second),
    false,
  );
  assert.deepEqual([one.hasFreed, other.hasFreed], [true, false]);
  assert.equal(await stage.state(parent.runId), "resuming");
});

test("the last two runs of a batch: one ends while the other is looked at", async (t) => {
  const stage = await waitStage(t);
  for (const after of ["waits_close", "waits_complete"]) {
    const { parent, batchId, first, second } = await parentAndBatch(stage);
    await stage.batches.seal(stage.environment.id, batchId);
    await stage.suspend(parent, "batch#1");
    const [one, other] = await drive(
      stage,
      after,
      ({ runs }) => complete(stage, runs, first),
      () => complete(stage, stage.runs, second),
      true,
    );
    assert.deepEqual([one.hasFreed, other.hasFreed], [false, true]);
    assert.equal(await stage.state(parent.runId), "resuming");
    await stage.resume();
  }
});

test("seal and complete: the last run of a batch ends while it is sealed, and the other way round", async (t) => {
  const stage = await waitStage(t);
  for (const isSealFirst of [true, false]) {
    const { parent, batchId, first, second } = await parentAndBatch(stage);
    await stage.suspend(parent, "batch#1");
    await stage.complete(first);
    const seal = (batches: Actor["batches"]) => batches.seal(stage.environment.id, batchId);
    if (isSealFirst) {
      const last = () => complete(stage, stage.runs, second);
      await drive(stage, "batches_seal", ({ batches }) => seal(batches), last, true);
    } else {
      const last = ({ runs }: Actor) => complete(stage, runs, second);
      await drive(stage, "waits_close", last, () => seal(stage.batches), true);
    }
    assert.equal(await stage.state(parent.runId), "resuming");
    await stage.resume();
  }
});

test("open and end: what a run opens while it ends is forgotten, too", async (t) => {
  const stage = await waitStage(t);
  const ends = [
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

test("two that hold what the other needs get through, one after the other", async (t) => {
  const stage = await waitStage(t);
  const grandparent = await stage.executing();
  const parentId = await stage.child(grandparent);
  const [parent] = await stage.claim();
  assert.equal(parent?.runId, parentId);
  await stage.child(parent ?? grandparent);
  const parentClaim = { runId: parentId, fence: 1 };
  // Both suspend in one array: the waitpoint of the parent is locked, and its row is about to be. Whoever ends it comes the other way.
  const [suspended, settled] = await drive(
    stage,
    "waits_lock_awaited",
    ({ waits }) =>
      waits.suspend(stage.environment.id, stage.hostId, [
        { ...grandparent, waits: ["run#1"] },
        { ...parentClaim, waits: ["run#1"] },
      ]),
    () => fail(stage, stage.runs, parentClaim, null),
    true,
  );
  assert.deepEqual(settled.lost, []);
  assert.equal(await stage.outcome(parentId), "failed");
  const wasSeen = suspended.resumed.some((run) => run.runId === grandparent.runId);
  assert.equal(await stage.state(grandparent.runId), wasSeen ? "executing" : "resuming");
});
