import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import type { Claim, Completion, Failure } from "../../engine/ports.ts";
import { error, output, waitStage } from "../waits/fixtures/wait-stage.ts";
import { limitedTask, runStage } from "./fixtures/run-stage.ts";

function completion(claim: { runId: string; fence: number }): Completion {
  return { ...claim, ...output };
}

function failure(claim: { runId: string; fence: number }, retryDelayMs: number | null): Failure {
  return { ...claim, error, outcome: "failed", durationMs: 5, retryDelayMs, isRetriedInPlace: false };
}

test("a completed run gets its outcome, its output and its times", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing();
  const outcome = await stage.settle({ completed: [completion(claim)] });
  assert.deepEqual(outcome, { lost: [], hasQueued: false, nextDueInMs: null, hasFreed: false });
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
  assert.deepEqual(outcome, { lost: [], hasQueued: true, nextDueInMs: 60_000, hasFreed: false });
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
  const claimed = await stage.claim();
  assert.deepEqual([claimed[0]?.runId, claimed[0]?.attempt, claimed[0]?.fence], [first.runId, 2, 2]);
  await stage.settle({ completed: [completion({ runId: first.runId, fence: 2 })] });
  const run = await stage.reader.retrieve(stage.environment.id, first.runId);
  assert.deepEqual([run?.attempt, run?.durationMs], [2, 10]);
});

test("a start uses an attempt once, however often it is told", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(1);
  const claimed = await stage.claim({ direct: 0, ahead: 1 });
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
  const claimed = await stage.claim({ direct: 1, ahead: 1 });
  const outcome = await stage.settle({ returned: claimed.map(({ runId, fence }) => ({ runId, fence })) });
  assert.deepEqual([outcome.lost, outcome.hasQueued], [[], true]);
  assert.equal((await stage.liveRun(ids[0] ?? ""))?.attempt, 0);
  assert.equal((await stage.liveRun(ids[0] ?? ""))?.version_id, null);
  const again = await stage.claim({ direct: 3 });
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
  const claimed = await stage.claim({ direct: 2, ahead: 2 });
  const [first, second, third, fourth] = claimed.map(({ runId, fence }) => ({ runId, fence }));
  assert.ok(first && second && third && fourth);
  const outcome = await stage.settle({
    completed: [completion(first)],
    failed: [failure(second, 1_000)],
    started: [third],
    returned: [fourth],
  });
  assert.deepEqual(outcome, { lost: [], hasQueued: true, nextDueInMs: 1_000, hasFreed: false });
});

test("a retry in place keeps claim and slot, and begins with the next attempt and no waits", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  await stage.sleep(claim);
  const outcome = await stage.settle({ failed: [{ ...failure(claim, 500), isRetriedInPlace: true, attempt: 1 }] });
  assert.deepEqual(outcome, { lost: [], hasQueued: false, nextDueInMs: null, hasFreed: false });
  const live = await stage.liveRun(claim.runId);
  assert.deepEqual(
    [live?.state, live?.attempt, live?.fence, live?.holds_slot, live?.duration_ms],
    ["executing", 2, claim.fence, true, 5],
  );
  assert.deepEqual(await stage.sql("select from run_wait"), []);
  assert.deepEqual((await stage.complete(claim)).lost, []);
});

test("a retry in place that is reported again counts once", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing();
  const failed = [{ ...failure(claim, 500), isRetriedInPlace: true, attempt: 1 }];
  await stage.settle({ failed });
  assert.deepEqual((await stage.settle({ failed })).lost, []);
  assert.equal((await stage.liveRun(claim.runId))?.attempt, 2);
  assert.equal((await stage.sql("select from attempt")).length, 1);
});

test("a run that can't be retried in place is let go of by its host", async (t) => {
  const stage = await waitStage(t);
  const last = await stage.executing({ maxAttempts: 1 });
  const cancelled = await stage.executing();
  const waiting = await stage.waiting();
  await stage.runs.cancel(stage.environment.id, [cancelled.runId]);
  const claims = [last, cancelled, waiting];
  const outcome = await stage.settle({
    failed: claims.map((claim) => ({ ...failure(claim, 500), isRetriedInPlace: true, attempt: 1 })),
  });
  assert.deepEqual(outcome.lost, claims);
  assert.equal(await stage.outcome(last.runId), "failed");
  assert.equal(await stage.outcome(cancelled.runId), "canceled");
  assert.equal(await stage.state(waiting.runId), "delayed");
});

test("a run that fails for good frees its idempotency key, one that completes or is cancelled keeps it", async (t) => {
  const stage = await waitStage(t);
  const keyed = (key: string) => ({ idempotency: { key, lifeS: 60, source: null, scope: null } });
  const claims = new Map<string, Claim>();
  for (const key of ["completes", "fails", "retries", "canceled"]) claims.set(key, await stage.executing(keyed(key)));
  const of = (key: string) => claims.get(key) ?? assert.fail(key);
  await stage.complete(of("completes"));
  await stage.fail(of("fails"));
  await stage.fail(of("retries"), 60_000);
  await stage.runs.cancel(stage.environment.id, [of("canceled").runId]);
  await stage.fail(of("canceled"));
  await stage.trigger(1, { ...keyed("expires"), ttlS: 1 });
  await stage.sql("update live_run set expires_at = now() where expires_at is not null");
  await stage.runs.promoteDue();
  const rows = await stage.sql("select key from idempotency_key order by key");
  assert.deepEqual(
    rows.map((row) => row.key),
    ["canceled", "completes", "retries"],
  );
});

test("whoever queues a run tells its lane, and whoever frees a slot under a limit tells the queue's", async (t) => {
  const stage = await waitStage(t);
  const limited = { taskId: limitedTask, concurrencyKey: "k", maxAttempts: 2 };
  const ahead = async (): Promise<Claim> => {
    await stage.trigger(1, limited);
    const [claimed] = await stage.claim({ direct: 0, ahead: 1, processes: 1 });
    assert.ok(claimed);
    return claimed;
  };
  const resuming = async () => {
    const claim = await stage.waiting(limited);
    await stage.sql("update waitpoint set due_at = now()");
    await stage.runs.promoteDue();
    return claim;
  };
  const lose = async () => {
    await stage.loseHost();
    await stage.runs.rescue();
    await stage.sql("insert into host select $1, $2, 'again', '{}', now() + interval '1 hour'", [
      stage.hostId,
      stage.environment.id,
    ]);
  };
  const executing = () => stage.executing(limited);
  const cancel = (claim: Claim) => stage.runs.cancel(stage.environment.id, [claim.runId]);
  const verbs: readonly (readonly [string, () => Promise<Claim>, (claim: Claim) => Promise<unknown>, string])[] = [
    ["complete", executing, stage.complete, "freed"],
    ["fail", executing, (claim) => stage.fail(claim), "freed"],
    ["retry later", executing, (claim) => stage.fail(claim, 60_000), "freed"],
    ["retry at once", executing, (claim) => stage.fail(claim, 0), "freed queued"],
    ["suspend", executing, (claim) => stage.sleep(claim).then(() => stage.suspend(claim, "time#1")), "freed"],
    ["give back", ahead, (claim) => stage.settle({ returned: [claim] }), "freed queued"],
    ["reconcile", ahead, () => stage.runs.reconcile(stage.environment.id, stage.hostId, []), "freed queued"],
    ["cancel one claimed", ahead, cancel, "freed"],
    ["cancel one that goes on", resuming, cancel, "freed"],
    ["rescue", executing, lose, "freed queued"],
    ["rescue one that goes on", resuming, lose, "freed queued"],
    ["orphan", resuming, (claim) => stage.settle({ orphaned: [claim] }), "freed queued"],
    ["orphan one that waits", () => stage.waiting(limited), (claim) => stage.settle({ orphaned: [claim] }), "queued"],
  ];
  for (const [verb, make, apply, told] of verbs) {
    const claim = await make();
    await stage.sql("delete from lane_wake");
    await apply(claim);
    const wakes = await stage.sql(
      "select case when order_at is null then 'freed' else 'queued' end as word, queue_name, concurrency_key from lane_wake",
    );
    assert.equal(
      wakes
        .map((wake) => wake.word)
        .sort()
        .join(" "),
      told,
      verb,
    );
    for (const wake of wakes) assert.deepEqual([wake.queue_name, wake.concurrency_key], [`task/${limitedTask}`, "k"]);
    await stage.runs.cancel(stage.environment.id, [claim.runId]);
    await stage.runs.endCancelling(stage.environment.id, [claim.runId]);
  }
});
