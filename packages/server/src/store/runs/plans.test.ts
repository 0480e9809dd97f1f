import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { makePartitions } from "../partitions.ts";
import { endDueWaits } from "../waits/due-waits.ts";
import { lockEnvironment } from "./claim.ts";
import { claimRuns } from "./claim-lanes.ts";
import { claimPlainRuns } from "./claim-plain.ts";
import { completeRuns } from "./complete.ts";
import { forgetStaleDebounces } from "./debounce.ts";
import { findDue, findNextDue } from "./due.ts";
import { expireRuns } from "./expire.ts";
import { failRuns } from "./fail.ts";
import { assertBounded, indexesOf, type PlanNode, pairsInVain, plansOf } from "./fixtures/plans.ts";
import { limitedTask, plainTask, type RunStage, runStage } from "./fixtures/run-stage.ts";
import { insertClaimedRuns } from "./insert-claimed.ts";
import { insertRunsWithOptions, lockBefore } from "./insert-with-options.ts";
import { openLanes } from "./lanes.ts";
import { promoteDueRuns } from "./promote.ts";
import { rescueRuns } from "./rescue.ts";
import { resumeRuns } from "./resume.ts";

const lostHostId = newUuid();

/** 1,000,000 live runs: most queued in one queue that is paused, others in 10,000 lanes, delayed, waiting, executing on a lost host. */
async function crowd(stage: RunStage): Promise<void> {
  const client = await stage.database.connect();
  const e = `'${stage.environment.id}'::uuid`;
  const v = `'${stage.versionId}'::uuid`;
  const id = `('${newUuid().slice(0, 13)}-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
  await client.query(`
    set synchronous_commit = off;
    insert into host (id, environment_id, name, version_ids, lease_expires_at)
      values ('${lostHostId}', ${e}, 'lost', '{}', now() - interval '1 minute');
    insert into queue (environment_id, name, is_paused) values (${e}, 'paused', true);
    insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at)
      select ${e}, ${id}, 'queued', '${plainTask}', 'paused', 3, now() from generate_series(1, 700000) n;
    insert into live_run (environment_id, run_id, state, task_id, queue_name, concurrency_key, max_attempts, order_at)
      select ${e}, ${id}, 'queued', '${plainTask}', 'task/${plainTask}', 'key ' || n % 10000, 3, now()
      from generate_series(700001, 900000) n;
    insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, due_at)
      select ${e}, ${id}, 'delayed', '${plainTask}', 'task/${plainTask}', 3, now() + (n - 900100) * interval '1 second'
      from generate_series(900001, 950000) n;
    insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, host_id, version_id, attempt,
                          attempt_started_at, started_at)
      select ${e}, ${id}, 'waiting', '${plainTask}', 'task/${plainTask}', 3, '${stage.hostId}', ${v}, 1, now(), now()
      from generate_series(950001, 999000) n;
    insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, host_id, version_id, attempt,
                          attempt_started_at, started_at, holds_slot, booked_at)
      select ${e}, ${id}, 'executing', '${plainTask}', 'task/${plainTask}', 3, '${lostHostId}', ${v}, 1, now(), now(), true, now()
      from generate_series(999001, 999100) n;
    insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at, expires_at)
      select ${e}, ${id}, 'queued', '${plainTask}', 'paused', 3, now(), now() + (n - 999200) * interval '1 hour'
      from generate_series(999101, 1000000) n;
    insert into run (environment_id, id, task_id, queue_name, concurrency_key, payload_type, trace_id, created_at)
      select environment_id, run_id, task_id, queue_name, concurrency_key, 'application/json', 'trace', now()
      from live_run where queue_name = 'task/${plainTask}' and state <> 'waiting' or expires_at is not null;
    insert into debounce (environment_id, task_id, key, run_id)
      select ${e}, '${plainTask}', 'key ' || n, ${id} from generate_series(900001, 950000) n;
    insert into waitpoint (environment_id, id, kind, due_at)
      select ${e}, ${id}, 'time', now() + (n - 950100) * interval '1 minute' from generate_series(950001, 999000) n;
    insert into run_wait (environment_id, run_id, key, waitpoint_id, is_awaited)
      select ${e}, ${id}, 'time#1', ${id}, true from generate_series(950001, 999000) n;
    insert into lane (environment_id, queue_name, concurrency_key, version_id, standing, head_at, served_at)
      select ${e}, 'task/${plainTask}', 'key ' || n, '00000000-0000-0000-0000-000000000000', 'ready', now(), now()
      from generate_series(0, 9999) n;
    insert into lane (environment_id, queue_name, concurrency_key, version_id, standing, head_at, served_at)
      values (${e}, 'paused', '', '00000000-0000-0000-0000-000000000000', 'queue_closed', now(), now());
    insert into lane_wake (environment_id, queue_name, concurrency_key, version_id, order_at)
      values (${e}, 'task/${plainTask}', 'key 1', '00000000-0000-0000-0000-000000000000', now()),
             (${e}, 'task/${plainTask}', 'key new', '00000000-0000-0000-0000-000000000000', now()),
             (${e}, 'task/${limitedTask}', '', null, null);
  `);
  await client.end();
}

test("with 1,000,000 live runs each statement of the hot path looks only at what it is for", {
  timeout: 120_000,
}, async (t) => {
  const stage = await runStage(t, { poolSize: 2 });
  await crowd(stage);
  stage.onEnd(async () => {
    await stage.sql("truncate live_run, run, debounce, waitpoint, run_wait, lane, lane_wake");
  });
  const { id } = stage.environment;
  const request = stage.claimRequest({ direct: 5, ahead: 5 });
  for (const statistics of ["none", "fresh"]) {
    if (statistics === "fresh") await stage.sql("analyze");
    const claim = await plansOf(stage, [
      lockEnvironment(id),
      openLanes(id),
      resumeRuns(id, stage.hostId, null),
      claimRuns(request),
    ]);
    const of = (plans: ReadonlyMap<string, PlanNode>, name: string) => plans.get(name) ?? assert.fail(name);
    assertBounded("lanes_open", of(claim, "lanes_open"), { rows: 200, pages: 1_000 });
    assertBounded("runs_resume", of(claim, "runs_resume"), { rows: 200, pages: 500 });
    assertBounded("runs_claim", of(claim, "runs_claim"), { rows: 200, pages: 2_000 });
    const claimed = of(claim, "runs_claim");
    for (const index of ["lane_ready", "live_run_queued", "live_run_booked", "live_run_pkey"]) {
      assert.ok(indexesOf(claimed).includes(index), `${statistics}: ${index}`);
    }
    const few = await plansOf(stage, [
      {
        name: "test_few",
        text: "update lane set standing = 'empty' where concurrency_key not in ('key 1', 'key 2')",
        values: [],
      },
      { name: "test_hear", text: "delete from lane_wake where concurrency_key <> 'key 1'", values: [] },
      openLanes(id),
      claimPlainRuns(request),
      insertClaimedRuns([stage.newRun()], request),
    ]);
    assertBounded("runs_insert_claimed", of(few, "runs_insert_claimed"), { rows: 200, pages: 2_000 });
    assertBounded("runs_claim_plain", of(few, "runs_claim_plain"), { rows: 200, pages: 2_000 });
    assert.ok(indexesOf(of(few, "runs_claim_plain")).includes("live_run_queued"));
    const due = await plansOf(stage, [promoteDueRuns(), findDue(), findNextDue(), expireRuns(id), endDueWaits(id)]);
    for (const [name, plan] of due) assertBounded(name, plan, { rows: 1_100, pages: 20_000 });
    for (const index of ["live_run_due", "live_run_expiry", "waitpoint_due"]) {
      assert.ok(indexesOf(of(due, "due_find_next")).includes(index), `${statistics}: ${index}`);
    }
    const calls = Array.from({ length: 500 }, (_, n) =>
      stage.newRun({
        debounce: { key: `key ${900_201 + n}`, delayMs: 600_000, mode: "trailing", maxDelayMs: null },
        metadata: "{}",
      }),
    );
    const push = await plansOf(stage, [
      ...forgetStaleDebounces(calls),
      ...lockBefore(calls),
      insertRunsWithOptions(calls),
      insertRunsWithOptions(calls.map((run) => ({ ...run, id: newUuid(), debounce: null, requestKey: run.id }))),
    ]);
    for (const [name, plan] of push) assertBounded(name, plan, { rows: 2_000, pages: 50_000 });
    const rescue = await plansOf(stage, [rescueRuns(id)]);
    assertBounded("runs_rescue", of(rescue, "runs_rescue"), { rows: 200, pages: 20_000 });
    assert.ok(indexesOf(of(rescue, "runs_rescue")).includes("live_run_by_host"), statistics);
  }
});

test("however many weeks of history there are, a completion opens only the partitions of its runs", async (t) => {
  const stage = await runStage(t, { poolSize: 2 });
  const weekMs = 7 * 24 * 3_600_000;
  for (let week = 2; week <= 20; week += 3) await makePartitions(stage.database, new Date(Date.now() - week * weekMs));
  await stage.trigger(20);
  const completions = (await stage.claim({ direct: 20 })).map(({ runId, fence }) => ({
    runId,
    fence,
    output: null,
    outputType: "application/json" as const,
    durationMs: 1,
  }));
  assert.equal(completions.length, 20);
  const plans = await plansOf(stage, [completeRuns(stage.environment.id, stage.hostId, completions)]);
  const partitions = [...plans.values()].flatMap((plan) =>
    indexesOf(plan).filter((name) => name?.match(/^run_\d+_pkey$/)),
  );
  assert.ok(new Set(partitions).size <= 2, "the week of the runs, and the next where it begins between them");
});

test("a transaction that is held open does not make claims walk over what has passed since", async (t) => {
  const stage = await runStage(t, { poolSize: 2 });
  const holder = await stage.database.connect();
  stage.onEnd(() => holder.end());
  await holder.query("begin isolation level repeatable read");
  await holder.query("select count(*) from live_run");
  for (let round = 0; round < 10; round++) {
    await stage.trigger(400);
    // One run at a time now and then, as from single triggers: the head of the lane has to move with these, too.
    const claimed = [...(await stage.claim({ direct: 399 })), ...(await stage.claim())];
    await stage.settle({
      completed: claimed.map(({ runId, fence }) => ({
        runId,
        fence,
        output: null,
        outputType: "application/json" as const,
        durationMs: 1,
      })),
    });
    await stage.sql("update dispatch set updated_at = updated_at - interval '1 hour'");
  }
  await stage.trigger(1);
  await stage.claim();
  await stage.trigger(1);
  const request = stage.claimRequest();
  const { id } = stage.environment;
  const plans = await plansOf(stage, [openLanes(id), resumeRuns(id, stage.hostId, null), claimRuns(request)]);
  for (const [name, plan] of [...plans, ...(await plansOf(stage, [claimPlainRuns(request)]))]) {
    assertBounded(name, plan, { rows: 50, pages: 300 });
  }
});

test("the runs of a long report are not compared each with each", async (t) => {
  const stage = await runStage(t, { poolSize: 2 });
  await stage.trigger(400);
  const ended = (await stage.claim({ direct: 400 })).map(({ runId, fence }) => ({ runId, fence, durationMs: 1 }));
  const { id } = stage.environment;
  const completed = ended.map((run) => ({ ...run, output: null, outputType: "application/json" as const }));
  const failed = ended.map((run) => ({
    ...run,
    error: { type: "INTERNAL_ERROR", code: "TASK_RUN_CRASHED" } as const,
    outcome: "crashed" as const,
    retryDelayMs: null,
    isRetriedInPlace: false,
  }));
  for (const statement of [completeRuns(id, stage.hostId, completed), failRuns(id, stage.hostId, failed)]) {
    const plans = await plansOf(stage, [statement]);
    for (const [name, plan] of plans) {
      assert.equal(plan["Actual Rows"], 400, name);
      assert.ok(pairsInVain(plan) < 4_000, `${name} compares ${pairsInVain(plan)} pairs in vain`);
    }
  }
});
