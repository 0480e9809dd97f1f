import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import type { Completion, Failure } from "../../engine/ports.ts";
import { runStage } from "./fixtures/run-stage.ts";

const output = { output: '{"json":1}', outputType: "application/super+json", durationMs: 5 } as const;
const error = { type: "STRING_ERROR", raw: "no" } as const;

function completion(claim: { runId: string; fence: number }): Completion {
  return { ...claim, ...output };
}

function failure(claim: { runId: string; fence: number }, retryDelayMs: number | null): Failure {
  return { ...claim, error, outcome: "failed", durationMs: 5, retryDelayMs };
}

test("a completed run gets its outcome, its output and its times", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing();
  const outcome = await stage.settle({ completed: [completion(claim)] });
  assert.deepEqual(outcome, { lost: [], hasQueued: false, nextDueInMs: null });
  const run = await stage.reader.retrieve(stage.environment.id, claim.runId);
  assert.equal(run?.outcome, "completed");
  assert.equal(run?.state, null);
  assert.equal(run?.attempt, 1);
  assert.equal(run?.output, output.output);
  assert.equal(run?.durationMs, 5);
  assert.ok(run?.startedAt && run.finishedAt && run.finishedAt >= run.startedAt);
});

test("finishing a run is a HOT update", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing();
  await stage.settle({ completed: [completion(claim)] });
  await stage.sql("select pg_stat_force_next_flush()").catch(() => []); // statistics are told at once
  const hotUpdates = async () => {
    const [row] = await stage.sql(
      "select sum(n_tup_upd)::int as all, sum(n_tup_hot_upd)::int as hot from pg_stat_user_tables where relname like 'run\\_%'",
    );
    return row;
  };
  // The figures of another backend arrive when it tells them: ask until they are there.
  let figures = await hotUpdates();
  for (let tries = 0; tries < 200 && figures?.all === 0; tries++) figures = await hotUpdates();
  assert.deepEqual(figures, { all: 1, hot: 1 });
});

test("a failed attempt is queued again, delayed or the end, as its error and its attempts allow", async (t) => {
  const stage = await runStage(t);
  const atOnce = await stage.executing();
  const later = await stage.executing();
  const never = await stage.executing();
  const last = await stage.executing({ maxAttempts: 1 });
  const outcome = await stage.settle({
    failed: [failure(atOnce, 0), failure(later, 60_000), failure(never, null), failure(last, 1_000)],
  });
  assert.deepEqual(outcome, { lost: [], hasQueued: true, nextDueInMs: 60_000 });
  assert.equal((await stage.liveRun(atOnce.runId))?.state, "queued");
  assert.equal((await stage.liveRun(later.runId))?.state, "delayed");
  for (const ended of [never, last]) {
    const run = await stage.reader.retrieve(stage.environment.id, ended.runId);
    assert.equal(run?.outcome, "failed");
    assert.deepEqual(run?.error, error);
  }
  assert.equal((await stage.sql("select from attempt")).length, 4);
  assert.equal((await stage.sql("select from run_failure")).length, 2);
});

test("a second attempt keeps the version and adds up the time", async (t) => {
  const stage = await runStage(t);
  const first = await stage.executing();
  await stage.settle({ failed: [failure(first, 0)] });
  const claimed = await stage.runs.claim(stage.claimRequest());
  assert.deepEqual([claimed[0]?.runId, claimed[0]?.attempt, claimed[0]?.fence], [first.runId, 2, 2]);
  await stage.settle({ completed: [completion({ runId: first.runId, fence: 2 })] });
  const run = await stage.reader.retrieve(stage.environment.id, first.runId);
  assert.deepEqual([run?.attempt, run?.durationMs], [2, 10]);
});

test("a start uses an attempt once, however often it is told", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(1);
  const claimed = await stage.runs.claim(stage.claimRequest({ direct: 0, ahead: 1 }));
  const claims = claimed.map(({ runId, fence }) => ({ runId, fence }));
  assert.deepEqual((await stage.settle({ started: claims })).lost, []);
  assert.deepEqual((await stage.settle({ started: claims })).lost, []);
  const live = await stage.liveRun(claims[0]?.runId ?? "");
  assert.deepEqual([live?.state, live?.attempt], ["executing", 1]);
});

test("a start changes no indexed column", async (t) => {
  const stage = await runStage(t);
  const rows = await stage.sql(
    "select indexdef from pg_indexes where tablename = 'live_run' and indexdef ~ '\\m(state|attempt|started_at)\\M'",
  );
  assert.deepEqual(rows, []);
});

test("a run that is given back stands where it stood and has used nothing", async (t) => {
  const stage = await runStage(t);
  const ids = await stage.trigger(3);
  const claimed = await stage.runs.claim(stage.claimRequest({ direct: 1, ahead: 1 }));
  const outcome = await stage.settle({ returned: claimed.map(({ runId, fence }) => ({ runId, fence })) });
  assert.deepEqual([outcome.lost, outcome.hasQueued], [[], true]);
  assert.equal((await stage.liveRun(ids[0] ?? ""))?.attempt, 0);
  assert.equal((await stage.liveRun(ids[0] ?? ""))?.version_id, null);
  const again = await stage.runs.claim(stage.claimRequest({ direct: 3 }));
  assert.deepEqual(
    again.map((run) => [run.runId, run.attempt]),
    ids.map((id) => [id, 1]),
  );
});

test("a claim with an old fence or of another host changes nothing and is named as lost", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing();
  const old = { runId: claim.runId, fence: claim.fence - 1 };
  for (const change of [
    { completed: [completion(old)] },
    { failed: [failure(old, 0)] },
    { started: [old] },
    { returned: [old] },
    { hostId: newUuid(), completed: [completion(claim)] },
    { hostId: newUuid(), failed: [failure(claim, 0)] },
    { hostId: newUuid(), started: [claim] },
    { hostId: newUuid(), returned: [claim] },
  ]) {
    const outcome = await stage.settle(change);
    assert.equal(outcome.lost.length, 1, JSON.stringify(change));
    assert.equal((await stage.liveRun(claim.runId))?.state, "executing");
  }
});

test("one report does everything at once", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(4);
  const claimed = await stage.runs.claim(stage.claimRequest({ direct: 2, ahead: 2 }));
  const [first, second, third, fourth] = claimed.map(({ runId, fence }) => ({ runId, fence }));
  assert.ok(first && second && third && fourth);
  const outcome = await stage.settle({
    completed: [completion(first)],
    failed: [failure(second, 1_000)],
    started: [third],
    returned: [fourth],
  });
  assert.deepEqual(outcome, { lost: [], hasQueued: true, nextDueInMs: 1_000 });
});
