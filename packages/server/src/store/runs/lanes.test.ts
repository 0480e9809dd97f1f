import assert from "node:assert/strict";
import { test } from "node:test";
import { holdLock, raceDatabase, untilBlocked } from "@pawl/testkit";
import { createQueueStore } from "../queues.ts";
import { limitedTask, plainTask, type RunStage, runStage } from "./fixtures/run-stage.ts";
import { createRunStore } from "./run-store.ts";

const limitedQueue = `task/${limitedTask}`;
const plainQueue = `task/${plainTask}`;

async function lanes(stage: RunStage): Promise<readonly string[]> {
  const rows = await stage.sql("select concurrency_key, standing from lane order by queue_name, concurrency_key");
  return rows.map((row) => `${row.concurrency_key} ${row.standing}`.trim());
}

async function complete(
  stage: RunStage,
  claims: readonly { readonly runId: string; readonly fence: number }[],
): Promise<void> {
  const completed = claims.map(({ runId, fence }) => ({
    runId,
    fence,
    output: null,
    outputType: "application/json" as const,
    durationMs: 1,
  }));
  await stage.settle({ completed });
}

/** What lies in the past is not the present: claims take nothing for busy. */
async function calmDown(stage: RunStage): Promise<void> {
  await stage.sql("update lane set served_at = served_at - interval '1 hour'");
  await stage.sql("update dispatch set served_from = '-infinity'");
}

test("a new key's first run takes the next slot, however many runs another key has queued", async (t) => {
  const stage = await runStage(t);
  await stage.sql("update queue set concurrency_limit = null, combined_limit = 1 where name = $1", [plainQueue]);
  await stage.trigger(50, { concurrencyKey: "many" });
  for (let round = 0; round < 3; round++) await complete(stage, await stage.claim());
  const [first] = await stage.claim();
  assert.equal(first?.concurrencyKey, "many");
  await stage.trigger(1, { concurrencyKey: "new" });
  await complete(stage, first ? [first] : []);
  assert.deepEqual(
    (await stage.claim()).map((run) => run.concurrencyKey),
    ["new"],
  );
});

test("keys are served in turn, within a claim and from one to the next", async (t) => {
  const stage = await runStage(t);
  for (const concurrencyKey of ["a", "b", "c"]) await stage.trigger(10, { concurrencyKey });
  const whole = await stage.claim({ direct: 6 });
  assert.deepEqual(whole.map((run) => run.concurrencyKey).sort(), ["a", "a", "b", "b", "c", "c"]);
  const singles: string[] = [];
  for (let n = 0; n < 6; n++) singles.push((await stage.claim())[0]?.concurrencyKey ?? "none");
  assert.deepEqual([...singles.slice(0, 3)].sort(), ["a", "b", "c"]);
  assert.deepEqual(singles.slice(3), singles.slice(0, 3));
});

test("many new keys do not starve an old one", async (t) => {
  const stage = await runStage(t);
  const [old] = await stage.trigger(1, { concurrencyKey: "old" });
  await stage.claim({ direct: 0, ahead: 1, versionIds: [] });
  await stage.sql("update lane set served_at = now() - interval '1 hour'");
  await stage.sql("update dispatch set served_from = '-infinity'");
  for (let n = 0; n < 30; n++) await stage.trigger(1, { concurrencyKey: `new ${n}` });
  assert.equal((await stage.claim())[0]?.runId, old);
});

test("a claim that looks at many lanes closes those that are empty, and says that there are more", async (t) => {
  const stage = await runStage(t);
  await stage.insert(Array.from({ length: 60 }, (_, n) => stage.newRun({ concurrencyKey: `key ${n}` })));
  const claimed: string[] = [];
  for (;;) {
    const outcome = await stage.runs.claim(stage.claimRequest({ direct: 10 }));
    claimed.push(...outcome.claimed.map((run) => run.runId));
    if (!outcome.hasMore) break;
    assert.ok(outcome.claimed.length > 0);
  }
  assert.equal(new Set(claimed).size, 60);
});

test("runs that were all cancelled leave lanes that claims close, and go on to those behind", async (t) => {
  const stage = await runStage(t);
  await stage.insert(Array.from({ length: 100 }, (_, n) => stage.newRun({ concurrencyKey: `gone ${n}` })));
  await stage.runs.claim(stage.claimRequest({ direct: 0, ahead: 1, versionIds: [] }));
  const queued = await stage.sql("select run_id from live_run");
  await stage.runs.cancel(
    stage.environment.id,
    queued.map((row) => String(row.run_id)),
  );
  const [last] = await stage.trigger(1, { concurrencyKey: "last" });
  let claims = 0;
  for (let hasMore = true; hasMore; claims++) {
    const outcome = await stage.runs.claim(stage.claimRequest({ direct: 2 }));
    hasMore = outcome.hasMore;
    if (outcome.claimed.some((run) => run.runId === last)) break;
  }
  assert.ok(claims < 10, `${claims} claims`);
  assert.equal((await stage.liveRun(last ?? ""))?.state, "executing");
});

test("a lane at its limit leaves the walk until a slot of its key comes free", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(4, { taskId: limitedTask, concurrencyKey: "a" });
  const claimed = await stage.claim({ direct: 5 });
  await calmDown(stage);
  await stage.claim();
  assert.deepEqual(await lanes(stage), ["a at_limit"]);
  await complete(stage, claimed.slice(0, 1));
  assert.equal((await stage.claim({ direct: 5 })).length, 1);
});

test("a paused queue costs nothing, and goes on when it is resumed", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  await stage.trigger(3);
  await stage.claim();
  await queues.setPaused(stage.environment.id, plainQueue, true);
  assert.deepEqual(await lanes(stage), ["queue_closed"]);
  await stage.trigger(3);
  assert.equal((await stage.claim({ direct: 9 })).length, 0);
  assert.deepEqual(await lanes(stage), ["queue_closed"]);
  await queues.setPaused(stage.environment.id, plainQueue, false);
  assert.equal((await stage.claim({ direct: 9 })).length, 5);
});

test("a higher limit opens lanes at once, a lower one lets runs end", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  await stage.trigger(9, { taskId: limitedTask });
  const first = await stage.claim({ direct: 9 });
  await calmDown(stage);
  await stage.claim();
  assert.deepEqual(await lanes(stage), ["at_limit"]);
  await queues.overrideLimit(stage.environment.id, limitedQueue, 5);
  const more = await stage.claim({ direct: 9 });
  assert.equal(more.length, 3);
  await queues.overrideLimit(stage.environment.id, limitedQueue, 1);
  await complete(stage, first);
  assert.equal((await stage.claim({ direct: 9 })).length, 0);
  await queues.overrideLimit(stage.environment.id, limitedQueue, null);
  assert.equal((await stage.claim({ direct: 9 })).length, 0);
  await complete(stage, more.slice(0, 2));
  assert.equal((await stage.claim({ direct: 9 })).length, 1);
});

test("runs that were claimed without a limit count under one that comes later, and tell when they end", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  await stage.trigger(4);
  const first = await stage.claim({ direct: 2 });
  await queues.overrideLimit(stage.environment.id, plainQueue, 2);
  assert.equal((await stage.claim({ direct: 9 })).length, 0);
  await calmDown(stage);
  await stage.claim();
  assert.deepEqual(await lanes(stage), ["at_limit"]);
  await complete(stage, first);
  assert.equal((await stage.claim({ direct: 9 })).length, 2);
});

test("a pause that waits for a claim lets it finish; a claim that waits for a pause takes nothing", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  const [first, second] = await stage.trigger(2);
  // The claim is stopped with the lock in its hands: the row of the run is locked by somebody else.
  const row = await holdLock(stage.database, `select from live_run where run_id = '${first}' for update`);
  const claiming = stage.claim();
  await untilBlocked(stage.database);
  const pausing = queues.setPaused(stage.environment.id, plainQueue, true);
  await untilBlocked(stage.database, 2);
  await row.release();
  assert.equal((await claiming)[0]?.runId, first);
  assert.equal(await pausing, true);
  // The pause is stopped before it commits: the row of the queue is locked by somebody else.
  await queues.setPaused(stage.environment.id, plainQueue, false);
  const queue = await holdLock(stage.database, "select from queue for update");
  const pausingFirst = queues.setPaused(stage.environment.id, plainQueue, true);
  await untilBlocked(stage.database);
  const claimingLast = stage.claim();
  await untilBlocked(stage.database, 2);
  await queue.release();
  await pausingFirst;
  assert.equal((await claimingLast).length, 0);
  assert.equal((await stage.liveRun(second ?? ""))?.state, "queued");
});

test("a limit that waits for a claim counts what it took; a claim that waits for a limit is held by it", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  const [first] = await stage.trigger(4);
  const row = await holdLock(stage.database, `select from live_run where run_id = '${first}' for update`);
  const claiming = stage.claim({ direct: 2 });
  await untilBlocked(stage.database);
  const limiting = queues.overrideLimit(stage.environment.id, plainQueue, 2);
  await untilBlocked(stage.database, 2);
  await row.release();
  assert.equal((await claiming).length, 2);
  await limiting;
  assert.deepEqual(await stage.sql("select is_limited from live_run where host_id is not null"), [
    { is_limited: true },
    { is_limited: true },
  ]);
  assert.equal((await stage.claim({ direct: 2 })).length, 0);
});

test("a run that is queued while a claim looks is found by the next", async (t) => {
  const stage = await runStage(t);
  const races = raceDatabase(stage.database);
  await stage.trigger(1);
  await stage.claim({ direct: 5 });
  const point = races.hold("runs_insert", "before");
  const inserting = createRunStore(races.database).insert([stage.newRun()]);
  await point.reached;
  assert.equal((await stage.claim({ direct: 5 })).length, 0);
  point.release();
  await inserting;
  assert.equal((await stage.claim({ direct: 5 })).length, 1);
});

test("never over any limit, with claims on many connections, while runs finish, limits change and queues pause", async (t) => {
  const stage = await runStage(t, { poolSize: 12 });
  const queues = createQueueStore(stage.database);
  const { id } = stage.environment;
  const total = 240;
  for (const concurrencyKey of ["", "a", "b", "c"]) {
    await stage.trigger(total / 8, { taskId: limitedTask, concurrencyKey });
    await stage.trigger(total / 8, { concurrencyKey });
  }
  await stage.sql("update queue set combined_limit = 5 where name = $1", [limitedQueue]);
  await stage.sql("update environment set concurrency_limit = 9");
  const other = createRunStore(stage.database);
  let left = total;
  let isOver = false;
  const work = async (store: typeof other) => {
    while (left > 0) {
      const { claimed } = await store.claim(stage.claimRequest({ direct: 2, ahead: 1, processes: 1 }));
      const started = claimed.filter((run) => !run.isStarted).map(({ runId, fence }) => ({ runId, fence }));
      if (started.length > 0) await stage.settle({ started });
      if (claimed.length === 0) await stage.sql("select pg_sleep(0.002)");
      await complete(stage, claimed);
      left -= claimed.length;
    }
  };
  const watch = async () => {
    while (left > 0) {
      const over = await stage.sql(`
        select queue_name, concurrency_key, count(*)::int from live_run where holds_slot
        group by grouping sets ((queue_name, concurrency_key), (queue_name), ())
        having count(*) > case when grouping(concurrency_key) = 0 and queue_name = '${limitedQueue}' then 2
          when grouping(queue_name) = 0 and queue_name = '${limitedQueue}' then 5 else 9 end`);
      if (over.length > 0) isOver = true;
    }
  };
  const meddle = async () => {
    for (let n = 0; left > 0; n++) {
      await queues.setPaused(id, n % 2 === 0 ? limitedQueue : plainQueue, n % 4 < 2);
      if (n % 3 === 0) await queues.overrideLimit(id, limitedQueue, n % 2 === 0 ? 1 : null);
      await stage.sql("select pg_sleep(0.003)");
      if (n % 5 === 4) for (const name of [limitedQueue, plainQueue]) await queues.setPaused(id, name, false);
    }
  };
  await Promise.all([work(stage.runs), work(stage.runs), work(other), work(other), watch(), meddle()]);
  assert.deepEqual([left, isOver], [0, false]);
  assert.deepEqual(await stage.sql("select from live_run"), []);
});

test("the sweep leaves word of lanes that were forgotten, of whatever kind, and of nothing else", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(3, { taskId: limitedTask });
  await stage.trigger(2);
  assert.deepEqual(await stage.runs.sweepLanes(), []);
  await stage.claim({ direct: 3 });
  assert.deepEqual(await stage.runs.sweepLanes(), []);
  const forgotten = async (sql: string) => {
    await stage.sql(sql);
    assert.deepEqual(await stage.runs.sweepLanes(), [stage.environment.id], sql);
    assert.deepEqual(await stage.runs.sweepLanes(), [], `again: ${sql}`);
    await stage.sql("update live_run set order_at = now() where order_at is not null");
    const found = await stage.claim({ direct: 1 });
    assert.equal(found.length, 1, sql);
    await stage.settle({ returned: found.map(({ runId, fence }) => ({ runId, fence })) });
    await stage.claim({ direct: 0, ahead: 1, versionIds: [] });
  };
  await forgotten(`delete from lane where queue_name = '${plainQueue}'`);
  await forgotten(`update lane set standing = 'empty'`);
  await forgotten("update lane set head_at = now() + interval '1 hour'");
  await forgotten("update lane set served_at = '-infinity'");
  await forgotten(`update lane set standing = 'queue_closed' where queue_name = '${plainQueue}'`);
});

test("the sweep opens a lane at its limit whose slot came free without a word", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(3, { taskId: limitedTask });
  const claimed = await stage.claim({ direct: 3 });
  await calmDown(stage);
  await stage.claim();
  await complete(stage, claimed);
  await stage.sql("delete from lane_wake");
  assert.equal((await stage.claim()).length, 0);
  assert.deepEqual(await stage.runs.sweepLanes(), [stage.environment.id]);
  assert.equal((await stage.claim()).length, 1);
});

test("a word that nobody read for a while has the environment looked at again", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(1);
  await stage.claim({ versionIds: [] });
  await stage.trigger(1);
  await stage.sql("update dispatch set woken_from = now() - interval '1 hour'");
  await stage.sql("update lane_wake set at = at - interval '1 minute'");
  assert.deepEqual(await stage.runs.sweepLanes(), [stage.environment.id]);
});

test("runs that hold their slot for long are booked again, and still counted", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(5, { taskId: limitedTask });
  await stage.claim({ direct: 1 });
  await stage.sql("update live_run set booked_at = booked_at - interval '1 hour' where booked_at is not null");
  await stage.sql("update dispatch set booked_from = '-infinity'");
  await stage.runs.sweepLanes();
  assert.deepEqual(
    await stage.sql("select booked_at > now() - interval '1 minute' as is_new from live_run where holds_slot"),
    [{ is_new: true }],
  );
  assert.equal((await stage.claim({ direct: 5 })).length, 1);
});
