import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunError } from "@pawl/contract/errors";
import { runErrorSchema } from "@pawl/contract/run-error-schema";
import type { RunOutcome } from "@pawl/contract/run-state";
import { raceDatabase } from "@pawl/testkit";
import type { Claim, ClaimedRun } from "../../engine/ports.ts";
import { failure } from "../../engine/run/fail.ts";
import { everyRun } from "../bulk-actions/fixtures/every-run.ts";
import { createHousekeeping } from "../housekeeping.ts";
import { type WaitStage, waitStage } from "../waits/fixtures/wait-stage.ts";
import { limitedTask, plainTask } from "./fixtures/run-stage.ts";
import { createRunStore } from "./run-store.ts";

/** A stage whose plain task has both kinds of hooks, and whose other one has none. */
async function hookStage(t: Parameters<typeof waitStage>[0]): Promise<WaitStage> {
  const stage = await waitStage(t);
  await stage.sql("update task set has_failure_hook = true, has_cancel_hook = true where id = $1", [plainTask]);
  return stage;
}

const internal = (code: string): RunError => runErrorSchema.parse({ type: "INTERNAL_ERROR", code });

/** Reports a failure as a host does. */
function report(stage: WaitStage, claim: Claim, error: RunError) {
  return stage.settle({ failed: [failure({ kind: "failed", ...claim, error, durationMs: 1 })] });
}

async function noted(stage: WaitStage) {
  return stage.sql("select run_id, kind, hook_run_id from end_hook order by created_at");
}

/** Makes the runs that call hooks, and claims one of them. */
async function claimHook(stage: WaitStage): Promise<ClaimedRun | undefined> {
  await stage.runs.promoteDue();
  return (await stage.claim())[0];
}

test("a run that ended without its process leaves word of its hook; one whose process called it does not", async (t) => {
  const stage = await hookStage(t);
  const ends: [error: RunError, outcome: RunOutcome, kind: string | undefined][] = [
    [internal("TASK_PROCESS_SIGSEGV"), "crashed", "onFailure"],
    [internal("MAX_DURATION_EXCEEDED"), "timed_out", "onFailure"],
    [internal("COULD_NOT_IMPORT_TASK"), "system_failure", "onFailure"],
    [internal("TASK_RUN_UNCAUGHT_EXCEPTION"), "failed", "onFailure"],
    [internal("TASK_OUTPUT_ERROR"), "failed", undefined],
    [{ type: "STRING_ERROR", raw: "no" }, "failed", undefined],
  ];
  for (const [error, outcome, kind] of ends) {
    const claim = await stage.executing();
    const { nextDueInMs } = await report(stage, claim, error);
    assert.equal(await stage.outcome(claim.runId), outcome);
    const [note] = await stage.sql("select kind, hook_run_id from end_hook where run_id = $1", [claim.runId]);
    assert.deepEqual([note?.kind, nextDueInMs], [kind, kind === undefined ? null : 0], JSON.stringify(error));
    await stage.sql("delete from end_hook");
  }
  await report(stage, await stage.executing({ taskId: limitedTask }), internal("TASK_PROCESS_SIGSEGV"));
  assert.deepEqual(await noted(stage), [], "its task has no hooks");
});

test("a hook is called at once, also when others of the same report go on", async (t) => {
  const stage = await hookStage(t);
  const [goesOn, ends] = [await stage.waiting(), await stage.waiting()];
  await stage.sql("update live_run set lost_count = 100 where run_id = $1", [ends.runId]);
  const { nextDueInMs } = await stage.settle({ orphaned: [goesOn, ends] });
  assert.deepEqual(
    (await noted(stage)).map((note) => note.run_id),
    [ends.runId],
  );
  assert.equal(nextDueInMs, 0);
});

test("an attempt that is not the last leaves no word", async (t) => {
  const stage = await hookStage(t);
  const claim = await stage.executing();
  const error = internal("TASK_PROCESS_SIGSEGV");
  await stage.settle({ failed: [failure({ kind: "failed", ...claim, error, durationMs: 1, retry: { delayMs: 0 } })] });
  assert.equal(await stage.state(claim.runId), "queued");
  assert.deepEqual(await noted(stage), []);
});

test("what is cancelled before it executes has its onCancel called, unless that is not wanted", async (t) => {
  const stage = await hookStage(t);
  const [queued = "", unwanted = ""] = await stage.trigger(2);
  const [delayed = ""] = await stage.trigger(1, { delay: { afterMs: 60_000 } });
  assert.equal((await stage.runs.cancel(stage.environment.id, [queued, delayed])).hasHooks, true);
  const quietly = await stage.runs.cancel(stage.environment.id, [unwanted], { runsHooks: false });
  assert.equal(quietly.hasHooks, false);
  const executing = await stage.executing();
  await stage.runs.cancel(stage.environment.id, [executing.runId]);
  await report(stage, executing, internal("TASK_RUN_CANCELLED"));
  const ids = (await noted(stage)).map((note) => [note.run_id, note.kind]);
  assert.deepEqual(
    ids.sort(),
    [
      [queued, "onCancel"],
      [delayed, "onCancel"],
    ].sort(),
  );
});

test("the run of a hook has the task, the queue, the version and the payload of the other, and is told of it", async (t) => {
  const stage = await hookStage(t);
  const claim = await stage.executing({ tags: ["a"], concurrencyKey: "k", metadata: '{"m":1}', priorityS: 3 });
  await report(stage, claim, internal("TASK_PROCESS_SIGSEGV"));
  const run = await claimHook(stage);
  assert.ok(run?.hook);
  const { kind, runId, attempt, error, startedAt } = run.hook;
  assert.deepEqual([kind, runId, attempt, error], ["onFailure", claim.runId, 1, internal("TASK_PROCESS_SIGSEGV")]);
  assert.ok(startedAt instanceof Date);
  const ended = await stage.reader.retrieve(stage.environment.id, claim.runId);
  assert.deepEqual(run.createdAt, ended?.createdAt);
  assert.deepEqual([run.tags, run.concurrencyKey, run.metadata, run.priorityS], [["a"], "k", '{"m":1}', 3]);
  assert.deepEqual([run.taskId, run.queueName, run.versionId], [plainTask, `task/${plainTask}`, stage.versionId]);
  assert.deepEqual([run.payload, run.payloadType, run.maxAttempts], [ended?.payload, ended?.payloadType, 3]);
  await stage.complete(run);
  assert.deepEqual(await stage.reader.endHook(stage.environment.id, claim.runId), {
    kind,
    runId: run.runId,
    outcome: "completed",
    error: null,
  });
});

test("it is in no list, can't be replayed, and has no hook of its own; it is tried three times", async (t) => {
  const stage = await hookStage(t);
  const claim = await stage.executing({ tags: ["listed"] });
  await report(stage, claim, internal("TASK_PROCESS_SIGSEGV"));
  const run = await claimHook(stage);
  assert.ok(run);
  const listed = await stage.reader.list(stage.environment.id, { ...everyRun, cursor: null, size: 10 });
  assert.deepEqual(
    listed.runs.map(({ id }) => id),
    [claim.runId],
  );
  assert.equal(await stage.runs.readForReplay(stage.environment.id, run.runId), null);
  const crash = (fence: number, retry?: { delayMs: number }) => {
    const error = internal("TASK_PROCESS_SIGSEGV");
    const again = retry === undefined ? {} : { retry };
    const result = { kind: "failed", runId: run.runId, fence, error, durationMs: 1, ...again } as const;
    return stage.settle({ failed: [failure(result)] });
  };
  await crash(1, { delayMs: 0 });
  await stage.claim();
  await crash(2, { delayMs: 0 });
  await stage.claim();
  await crash(3, { delayMs: 0 });
  assert.equal(await stage.outcome(run.runId), "crashed");
  assert.equal((await noted(stage)).length, 1);
});

test("runs that expire, and those of a lost host, have their hooks called", async (t) => {
  const stage = await hookStage(t);
  const [expired = ""] = await stage.trigger(1, { ttlS: 60 });
  await stage.sql("update live_run set expires_at = now() - interval '1 second'");
  await stage.runs.promoteDue();
  assert.equal(await stage.outcome(expired), "expired");
  const first = await claimHook(stage);
  assert.deepEqual([first?.hook?.runId, first?.hook?.attempt, first?.hook?.startedAt], [expired, 0, null]);
  const lost = await stage.executing({ maxAttempts: 1 });
  await stage.loseHost();
  await stage.runs.rescue();
  assert.equal(await stage.outcome(lost.runId), "system_failure");
  assert.deepEqual(
    (await noted(stage)).map(({ run_id }) => run_id),
    [expired, lost.runId],
  );
});

test("two servers make one run of each note", async (t) => {
  const stage = await hookStage(t);
  for (let i = 0; i < 5; i++) await report(stage, await stage.executing(), internal("TASK_PROCESS_SIGSEGV"));
  const races = raceDatabase(stage.database);
  const point = races.hold("hooks_make_runs", "after");
  const first = createRunStore(races.database).promoteDue();
  await point.reached;
  const second = stage.runs.promoteDue();
  point.release();
  await Promise.all([first, second]);
  await stage.runs.promoteDue();
  assert.equal((await stage.sql("select id from run where hook is not null")).length, 5);
  assert.equal((await noted(stage)).filter(({ hook_run_id }) => hook_run_id === null).length, 0);
});

test("which run has called a hook is forgotten after a week", async (t) => {
  const stage = await hookStage(t);
  await report(stage, await stage.executing(), internal("TASK_PROCESS_SIGSEGV"));
  await stage.runs.promoteDue();
  const housekeeping = createHousekeeping({ database: stage.database, onError: assert.ifError });
  await stage.sql("update end_hook set created_at = now() - interval '6 days'");
  await housekeeping.runOnce();
  assert.equal((await noted(stage)).length, 1);
  await stage.sql("update end_hook set created_at = now() - interval '8 days'");
  await stage.sql("update run set created_at = now() - interval '8 days'");
  await housekeeping.runOnce();
  assert.equal((await noted(stage)).length, 0);
});
