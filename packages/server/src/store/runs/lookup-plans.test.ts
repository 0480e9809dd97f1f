import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { output, type WaitStage, waitStage } from "../waits/fixtures/wait-stage.ts";
import { createWaitStore } from "../waits/wait-store.ts";
import { lockEnvironment } from "./claim.ts";
import { claimRuns } from "./claim-lanes.ts";
import { claimPlainRuns } from "./claim-plain.ts";
import { completeRuns } from "./complete.ts";
import { failRuns } from "./fail.ts";
import { explainedDatabase } from "./fixtures/explained-database.ts";
import { assertBounded, indexesOf, pairsInVain, plansOf } from "./fixtures/plans.ts";
import { settlement } from "./fixtures/race-stage.ts";
import { plainTask } from "./fixtures/run-stage.ts";
import { insertRuns } from "./insert.ts";
import { insertClaimedRuns } from "./insert-claimed.ts";
import { insertRunsWithOptions } from "./insert-with-options.ts";
import { openLanes } from "./lanes.ts";
import { createRunStore } from "./run-store.ts";
import { waitResultsOf } from "./wait-results.ts";

test("a plan that is made while partitions are empty finds runs by their ids, not among all of their environment", async (t) => {
  const stage = await waitStage(t);
  const { id } = stage.environment;
  const claim = { runId: stage.newRun().id, fence: 1 };
  const completion = { ...claim, output: null, outputType: "application/json" as const, durationMs: 1 };
  const failure = {
    ...claim,
    error: { type: "STRING_ERROR", raw: "no" },
    outcome: "failed",
    durationMs: 1,
    retryDelayMs: null,
    isRetriedInPlace: false,
  } as const;
  const plans = await plansOf(stage, [
    lockEnvironment(id),
    openLanes(id),
    claimRuns(stage.claimRequest()),
    claimPlainRuns(stage.claimRequest()),
    completeRuns(id, stage.hostId, [completion]),
    failRuns(id, stage.hostId, [failure]),
    insertRunsWithOptions([stage.newRun({ parent: stage.parentOf(claim, "run#1") })]),
    waitResultsOf(id, [claim]),
  ]);
  for (const [name, plan] of plans) {
    const indexes = indexesOf(plan).filter((index) => index?.startsWith("run_2") === true);
    assert.ok(
      indexes.every((index) => index?.endsWith("_pkey")),
      `${name}: ${indexes}`,
    );
  }
  assert.ok(
    indexesOf(plans.get("waits_read_results") ?? assert.fail()).some((index) => /^run_2\d+_pkey$/.test(`${index}`)),
  );
});

test("the results of a run's wait are found by their keys, however many waits it and others have had", async (t) => {
  const stage = await waitStage(t);
  const parents = [await stage.executing(), await stage.executing()];
  for (const parent of parents) for (let n = 0; n < 40; n++) await stage.sleep(parent, `time#${n}`, -1);
  await stage.runs.promoteDue();
  const [parent = assert.fail()] = parents;
  const childId = await stage.child(parent);
  await stage.suspend(parent, "run#1");
  const [child = assert.fail()] = await stage.claim();
  assert.equal(child.runId, childId);
  await stage.complete(child);
  const plans = await plansOf(stage, [waitResultsOf(stage.environment.id, [parent])]);
  assertBounded("waits_read_results", plans.get("waits_read_results") ?? assert.fail(), { rows: 41, pages: 40 });
});

/** 3,000 runs of another host that wait, each for a time and in a batch. */
async function manyWait(stage: WaitStage): Promise<void> {
  const e = `'${stage.environment.id}'::uuid`;
  const id = (part: string) => `('${newUuid().slice(0, 13)}-7000-${part}-' || lpad(to_hex(n), 12, '0'))::uuid`;
  const [runId, otherId] = [id("8000"), id("8001")];
  const each = "from generate_series(1, 3000) n";
  const client = await stage.database.connect();
  await client.query(`
    insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, host_id, version_id, attempt,
                          attempt_started_at, started_at, is_awaited, awaited_batch_id)
      select ${e}, ${runId}, 'waiting', '${plainTask}', 'task/${plainTask}', 3, '${newUuid()}', '${stage.versionId}', 1, now(), now(),
             true, ${otherId} ${each};
    insert into waitpoint (environment_id, id, kind, due_at) select ${e}, ${otherId}, 'time', now() + interval '1 day' ${each};
    insert into run_wait (environment_id, run_id, key, waitpoint_id, is_awaited) select ${e}, ${runId}, 'time#1', ${otherId}, true ${each};
    insert into batch (environment_id, id, run_count, request_key) select ${e}, ${otherId}, 1, n::text ${each};
  `);
  await client.end();
}

test("who waits and who ends waits pays nothing for others that wait, also by plans made when there were none", async (t) => {
  const stage = await waitStage(t);
  const { id } = stage.environment;
  const explained = await explainedDatabase(stage.database);
  const [runs, waits] = [createRunStore(explained.database), createWaitStore(explained.database)];
  async function live(): Promise<void> {
    const parent = await stage.executing();
    const { runId, fence } = parent;
    await runs.insert([stage.newRun({ triggerFunction: "triggerAndWait", parent: stage.parentOf(parent, "run#1") })]);
    const [child = assert.fail()] = await stage.claim();
    await waits.suspend(id, stage.hostId, [{ runId, fence, waits: ["run#1"] }]);
    await runs.settle({ ...settlement(stage), completed: [{ runId: child.runId, fence: child.fence, ...output }] });
    assert.equal((await stage.resume()).length, 1);
    const batchId = await stage.batch(parent);
    await stage.addItems(batchId, 2);
    await stage.batches.seal(id, batchId);
    const items = await stage.claim({ direct: 2 });
    await waits.suspend(id, stage.hostId, [{ runId, fence, waits: ["batch#1"] }]);
    await runs.settle({ ...settlement(stage), completed: items.map((item) => ({ ...item, ...output })) });
    assert.equal((await stage.resume()).length, 1);
    const opens = { kind: "time", at: new Date(Date.now() + 60_000), idempotency: { key: runId, lifeS: 60 } } as const;
    await waits.open(id, stage.hostId, [{ runId, fence, wait: "time#1", opens }]);
    await waits.results(id, stage.hostId, parent, ["run#1"]);
    await runs.settle({ ...settlement(stage), completed: [{ runId, fence, ...output }] });
    assert.equal(await stage.state(runId), undefined);
  }
  await live();
  await manyWait(stage);
  stage.onEnd(async () => {
    await stage.sql("delete from live_run");
    await stage.sql("truncate run_wait, waitpoint, batch, batch_item");
  });
  const before = explained.plans.length;
  await live();
  await explained.end();
  const plans = explained.plans.slice(before);
  assert.equal(plans.length, before);
  for (const [name, plan] of plans) assertBounded(name, plan, { rows: 50, pages: 500 });
});

test("a claim among many keys that execute one run each looks each lane up by itself, also by a plan made when there were none", async (t) => {
  const stage = await waitStage(t);
  const { id } = stage.environment;
  const request = stage.claimRequest({ direct: 4, ahead: 20 });
  const explained = await explainedDatabase(stage.database);
  const claim = [lockEnvironment(id), openLanes(id), claimRuns(request)];
  await explained.database.transaction(claim);
  for (let queue = 0; queue < 40; queue++) {
    const made = Array.from({ length: 10 }, (_, key) =>
      stage.newRun({ queueName: `queue ${queue}`, concurrencyKey: `key ${key}` }),
    );
    await stage.runs.insert(made);
  }
  await stage.sql("update queue set concurrency_limit = 1 where name like 'queue %'");
  await explained.database.transaction(claim);
  await explained.end();
  const [name, plan] = explained.plans.at(-1) ?? assert.fail();
  assertBounded(name, plan, { rows: 450, pages: 6_000 });
  assert.ok(pairsInVain(plan) < 20_000, `${name} compares ${pairsInVain(plan)} pairs in vain`);
});

test("a trigger looks its task up by its key, however many versions with tasks there are, also by a plan made when there was one", async (t) => {
  const stage = await waitStage(t);
  const request = stage.claimRequest();
  const explained = await explainedDatabase(stage.database);
  const parent = await stage.executing();
  const inserts = () => {
    const child = stage.newRun({ triggerFunction: "triggerAndWait", parent: stage.parentOf(parent, newUuid()) });
    return [
      insertRuns([stage.newRun()]),
      insertClaimedRuns([stage.newRun()], request),
      insertRunsWithOptions([stage.newRun({ priorityS: 1 })]),
      insertRunsWithOptions([child], request),
    ];
  };
  await explained.database.transaction(inserts());
  await stage.sql(`
    insert into version (environment_id, id, is_current, label, content_hash, process_keep_alive)
    select '${stage.environment.id}', gen_random_uuid(), false, 'old ' || n, 'old ' || n, true from generate_series(1, 30) n`);
  await stage.sql(`
    insert into task (environment_id, version_id, id, file_path, queue_name, retry)
    select v.environment_id, v.id, t.id || n, t.file_path, t.queue_name, t.retry
    from version v cross join generate_series(1, 100) n cross join (select * from task where id = '${plainTask}') t
    where v.label like 'old %'`);
  await explained.database.transaction(inserts());
  await explained.end();
  for (const [name, plan] of explained.plans.slice(-4)) assertBounded(name, plan, { rows: 20, pages: 200 });
});
