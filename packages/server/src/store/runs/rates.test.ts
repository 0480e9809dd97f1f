import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import { createHostStore } from "../hosts.ts";
import { createHousekeeping } from "../housekeeping.ts";
import { createQueueStore } from "../queues.ts";
import { createVersionStore } from "../versions.ts";
import { plainTask, type RunStage, runStage } from "./fixtures/run-stage.ts";
import { createRunStore } from "./run-store.ts";

const queueName = `task/${plainTask}`;

interface Rate {
  readonly limit: number;
  readonly period: number;
  readonly burst: number;
}

const minute = 60_000;

/** Gives the stage's plain queue rates. */
async function setRates(stage: RunStage, rate: Rate | null, combined: Rate | null = null): Promise<void> {
  await stage.sql(
    `update queue set rate_limit = $2, rate_period_ms = $3, rate_burst = $4,
       combined_rate_limit = $5, combined_rate_period_ms = $6, combined_rate_burst = $7 where name = $1`,
    [queueName, ...[rate, combined].flatMap((r) => [r?.limit ?? null, r?.period ?? null, r?.burst ?? null])],
  );
}

/** Lets so much time pass for everything that rates look at. */
async function pass(stage: RunStage, ms: number): Promise<void> {
  await stage.sql("update rate_bucket set full_at = full_at - $1::float8 * interval '1 millisecond'", [ms]);
  await stage.sql("update lane set opens_at = opens_at - $1::float8 * interval '1 millisecond'", [ms]);
  await stage.sql("update dispatch set opens_from = '-infinity'");
}

const done = { output: null, outputType: "application/json", durationMs: 1 } as const;

const take = (stage: RunStage, direct = 100) => stage.runs.claim(stage.claimRequest({ direct }));

async function taken(stage: RunStage, direct = 100): Promise<number> {
  return (await take(stage, direct)).claimed.length;
}

const standings = async (stage: RunStage) =>
  (await stage.sql("select standing from lane order by concurrency_key, version_id")).map((row) => row.standing);

test("a burst starts at once, then one run each interval, and never more than a burst after a pause", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, { limit: 10, period: minute, burst: 3 }); // one every 6 s
  await stage.trigger(20);
  assert.equal(await taken(stage), 3);
  assert.equal(await taken(stage), 0);
  await pass(stage, 5_900);
  assert.equal(await taken(stage), 0);
  await pass(stage, 200);
  assert.equal(await taken(stage), 1);
  await pass(stage, 11_000);
  assert.equal(await taken(stage), 1);
  await pass(stage, 1_100);
  assert.equal(await taken(stage), 1, "the half interval before is not lost");
  await pass(stage, 60 * minute);
  assert.equal(await taken(stage), 3);
});

test("what a claim takes is what it claimed: room that is too small leaves tokens", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, { limit: 10, period: minute, burst: 5 });
  await stage.trigger(20);
  const first = await take(stage, 2);
  assert.deepEqual([first.claimed.length, first.opensInMs], [2, null]);
  assert.equal(await taken(stage), 3);
});

test("an environment that is full takes no token", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, { limit: 10, period: minute, burst: 5 });
  await stage.sql("update environment set concurrency_limit = 0");
  await stage.trigger(20);
  assert.equal(await taken(stage), 0);
  assert.deepEqual(await stage.sql("select * from rate_bucket"), []);
  await stage.sql("update environment set concurrency_limit = 100");
  assert.equal(await taken(stage), 5);
});

test("a lane without a token is closed until half a burst is there, at most 20 ms after the first token", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, { limit: 100, period: 10_000, burst: 3 }); // one every 100 ms
  await stage.trigger(20);
  const far = await take(stage);
  assert.deepEqual(await standings(stage), ["at_rate"]);
  assert.ok(far.opensInMs && far.opensInMs > 110 && far.opensInMs <= 120.1, `${far.opensInMs}`);
  await stage.sql("truncate rate_bucket; ");
  await stage.sql("update lane set standing = 'ready', opens_at = null");
  await setRates(stage, { limit: 1_000, period: 1_000, burst: 10 }); // one every ms
  const near = await take(stage);
  assert.ok(near.opensInMs && near.opensInMs > 3 && near.opensInMs <= 5.1, `${near.opensInMs}`);
});

test("each key has its own bucket, and all together have one", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, { limit: 2, period: minute, burst: 2 }, { limit: 5, period: minute, burst: 5 });
  for (const concurrencyKey of ["a", "b", "c", "d"]) await stage.trigger(4, { concurrencyKey });
  const { claimed, opensInMs } = await take(stage);
  const keys = claimed.map((run) => run.concurrencyKey);
  assert.equal(keys.length, 5);
  assert.ok(["a", "b", "c", "d"].every((key) => keys.filter((other) => other === key).length <= 2));
  assert.equal(await taken(stage), 0);
  assert.deepEqual(await standings(stage), ["at_rate", "at_rate", "at_rate", "at_rate"]);
  assert.ok(opensInMs && opensInMs > 11_000 && opensInMs < 13_000, `${opensInMs}`);
  const buckets = await stage.sql("select is_combined, count(*)::int from rate_bucket group by 1 order by 1");
  assert.deepEqual(
    buckets.map((row) => [row.is_combined, row.count]),
    [
      [false, new Set(keys).size],
      [true, 1],
    ],
  );
});

test("many keys that share one rate cost a token about one claim, are served in turn, and none is forgotten", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, null, { limit: 60, period: minute, burst: 1 }); // one a second
  const keys = Array.from({ length: 60 }, (_, n) => `key-${n}`);
  await stage.insert(keys.map((concurrencyKey) => stage.newRun({ concurrencyKey })));
  const served: string[] = [];
  /** Claims as a dispatcher does: again at once while there is more, or a lane opens now. */
  const claims = async () => {
    for (let count = 1; ; count++) {
      const { claimed, hasMore, opensInMs } = await take(stage, 4);
      served.push(...claimed.map((run) => run.concurrencyKey));
      await stage.settle({ completed: claimed.map((run) => ({ ...run, ...done })) });
      if (!hasMore && (opensInMs ?? 1) > 0) return count;
      assert.ok(count < 20, "claims go on for ever");
    }
  };
  await claims(); // closes all lanes but the one that got the token
  let total = 0;
  for (let token = 1; token < keys.length; token++) {
    await pass(stage, 1_001);
    total += await claims();
    assert.equal(served.length, token + 1);
  }
  assert.ok(total <= 2.2 * keys.length, `${total} claims for ${keys.length} tokens`); // time passes by itself, too
  assert.deepEqual([...served].sort(), [...keys].sort());
});

test("lanes of several versions share the bucket of their key", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, { limit: 3, period: minute, burst: 3 });
  await stage.trigger(5);
  await stage.trigger(5, { lockToVersion: await labelOf(stage) });
  assert.equal(await taken(stage), 3);
  assert.deepEqual(await standings(stage), ["at_rate", "at_rate"]);
  assert.equal((await stage.sql("select from rate_bucket")).length, 1);
});

async function labelOf(stage: RunStage): Promise<string> {
  return String((await stage.sql("select label from version where is_current"))[0]?.label);
}

test("a run that is queued does not open a lane before its time, nor does a slot that comes free", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, { limit: 1, period: minute, burst: 1 });
  await stage.sql("update queue set concurrency_limit = 5 where name = $1", [queueName]);
  await stage.trigger(2);
  const { claimed } = await take(stage);
  await stage.trigger(3);
  const completed = claimed.map(({ runId, fence }) => ({
    runId,
    fence,
    output: null,
    outputType: "application/json" as const,
    durationMs: 1,
  }));
  await stage.settle({ completed });
  assert.equal(await taken(stage), 0);
  assert.deepEqual(await standings(stage), ["at_rate"]);
});

test("a pause keeps a lane closed beyond its time; the end of it opens the lane, and the rate still holds", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  await setRates(stage, { limit: 1, period: minute, burst: 1 });
  await stage.trigger(3);
  assert.equal(await taken(stage), 1);
  await queues.setPaused(stage.environment.id, queueName, true);
  assert.deepEqual(await standings(stage), ["queue_closed"]);
  await pass(stage, 10_000);
  assert.equal(await taken(stage), 0);
  await queues.setPaused(stage.environment.id, queueName, false);
  assert.equal(await taken(stage), 0);
  assert.deepEqual(await standings(stage), ["at_rate"]);
  await pass(stage, 51_000);
  assert.equal(await taken(stage), 1);
});

test("a paused environment starts nothing when a lane's time comes", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  await setRates(stage, { limit: 1, period: minute, burst: 1 });
  await stage.trigger(3);
  await take(stage);
  await queues.setEnvironmentPaused(stage.environment.id, true);
  await pass(stage, minute);
  assert.equal(await taken(stage), 0);
  await queues.setEnvironmentPaused(stage.environment.id, false);
  assert.equal(await taken(stage), 1);
});

test("another rate holds at once, however long the one before kept the lane closed", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  const { id } = stage.environment;
  await setRates(stage, { limit: 1, period: 60 * minute, burst: 1 });
  await stage.trigger(50);
  assert.equal(await taken(stage), 1);
  await queues.overrideRates(id, queueName, { rateLimit: { limit: 10, period: minute, burst: 4 } });
  assert.equal(await taken(stage), 0, "the bucket is empty, not full");
  await pass(stage, 12_100);
  assert.equal(await taken(stage), 2);
  await queues.overrideRates(id, queueName, { rateLimit: null });
  assert.equal(await taken(stage, 10), 10);
  await queues.overrideRates(id, queueName, null);
  assert.equal(await taken(stage), 0, "the declared rate holds again, as if its last run had just started");
  assert.equal(await queues.overrideRates(id, "nobody's", null), false);
});

test("an override of one rate leaves the other as declared", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  const declared = { limit: 4, period: minute, burst: 4 };
  await setRates(stage, { limit: 9, period: minute, burst: 9 }, declared);
  const override = { rateLimit: { limit: 2, period: minute, burst: 2 } };
  await queues.overrideRates(stage.environment.id, queueName, override);
  for (const concurrencyKey of ["a", "b", "c"]) await stage.trigger(4, { concurrencyKey });
  assert.equal(await taken(stage), 4);
  const found = await queues.retrieve(stage.environment.id, { name: queueName });
  assert.deepEqual(found?.rates.declared, {
    rateLimit: { limit: 9, period: minute, burst: 9 },
    combinedRateLimit: declared,
  });
  assert.deepEqual(found?.rates.override, override);
  assert.ok(found?.rates.overriddenAt instanceof Date);
});

test("of tasks that share a queue the slowest rate holds, with its burst; a version without one lifts it", async (t) => {
  const stage = await runStage(t);
  const queues = createQueueStore(stage.database);
  const versions = createVersionStore(stage.database);
  const register = (contentHash: string, rates: readonly object[]) =>
    versions.register(stage.environment.id, {
      contentHash,
      processKeepAlive: true,
      tasks: rates.map((rate, n) => ({
        id: `task-${n}`,
        filePath: "trigger/a.ts",
        queue: { name: "shared", ...rate },
        retry: defaultRetryPolicy,
      })),
    });
  const declared = async () => (await queues.retrieve(stage.environment.id, { name: "shared" }))?.rates.declared;
  await register("0000000000000001", [
    { rateLimit: { limit: 100, period: 1_000 } },
    { rateLimit: { limit: 60, period: minute, burst: 3 } },
    {},
  ]);
  assert.deepEqual(await declared(), {
    rateLimit: { limit: 60, period: minute, burst: 3 },
    combinedRateLimit: null,
  });
  await register("0000000000000002", [{ combinedRateLimit: { limit: 100, period: 1_000 } }]);
  assert.deepEqual(await declared(), {
    rateLimit: null,
    combinedRateLimit: { limit: 100, period: 1_000, burst: 10 },
  });
});

test("nothing is claimed ahead, nor retried in place, where a rate counts attempts", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, { limit: 10, period: minute, burst: 5 });
  await stage.trigger(3);
  assert.equal((await stage.runs.claim(stage.claimRequest({ direct: 0, ahead: 5 }))).claimed.length, 0);
  const { claimed } = await take(stage, 1);
  const [run] = claimed;
  if (run === undefined) return assert.fail("nothing was claimed");
  const { lost } = await stage.settle({
    failed: [
      {
        runId: run.runId,
        fence: run.fence,
        error: { type: "STRING_ERROR", raw: "no" },
        outcome: "failed",
        durationMs: 1,
        retryDelayMs: 500,
        isRetriedInPlace: true,
        attempt: 1,
      },
    ],
  });
  assert.deepEqual(
    lost.map((claim) => claim.runId),
    [run.runId],
    "its host lets go of it",
  );
  assert.equal((await stage.liveRun(run.runId))?.state, "delayed");
});

test("plain claims leave lanes with a rate to the whole claim, and say when the next one opens", async (t) => {
  const stage = await runStage(t);
  await stage.trigger(1);
  await take(stage); // from here on claims are tried plain
  await stage.trigger(1);
  await take(stage);
  await setRates(stage, { limit: 1, period: minute, burst: 1 });
  await stage.trigger(3);
  assert.equal(await taken(stage), 1);
  const other = `other-${newUuid()}`;
  await stage.trigger(1, { queueName: other });
  await take(stage);
  await stage.trigger(1, { queueName: other });
  const { claimed, opensInMs } = await take(stage);
  assert.equal(claimed.length, 1);
  assert.ok(opensInMs && opensInMs > 30_000);
  await pass(stage, minute);
  await stage.trigger(1, { queueName: other });
  assert.equal(await taken(stage), 2, "the lane that is to open is not forgotten");
});

test("claims on many connections, of two hosts, never take more than the bucket has", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, { limit: 1_000, period: 1_000, burst: 7 }, { limit: 500, period: 1_000, burst: 11 });
  const otherHost = newUuid();
  await createHostStore(stage.database).connect({
    id: otherHost,
    environmentId: stage.environment.id,
    name: "other",
    versionIds: [stage.versionId],
    leaseMs: minute,
  });
  await stage.insert(Array.from({ length: 300 }, (_, n) => stage.newRun({ concurrencyKey: `key ${n % 3}` })));
  const stores = [createRunStore(stage.database), createRunStore(stage.database)];
  let left = 300;
  while (left > 0) {
    const outcomes = await Promise.all(
      [0, 1, 2, 3].map((n) =>
        stores[n % 2]?.claim(stage.claimRequest({ direct: 20, hostId: n < 2 ? stage.hostId : otherHost })),
      ),
    );
    for (const outcome of outcomes) left -= outcome?.claimed.length ?? 0;
  }
  const starts = await stage.sql(
    "select concurrency_key, extract(epoch from started_at)::float8 * 1000 as at from live_run order by started_at",
  );
  const all = starts.map((row) => Number(row.at));
  assertRate(all, 2, 11);
  for (const key of ["key 0", "key 1", "key 2"]) {
    assertRate(
      starts.filter((row) => row.concurrency_key === key).map((row) => Number(row.at)),
      1,
      7,
    );
  }
});

/** In any window there are at most a burst and what its length brings. */
function assertRate(startsMs: readonly number[], intervalMs: number, burst: number): void {
  assert.ok(startsMs.length > 0);
  for (let from = 0; from < startsMs.length; from++) {
    for (let to = from; to < startsMs.length; to++) {
      const width = (startsMs[to] ?? 0) - (startsMs[from] ?? 0);
      const most = burst + width / intervalMs;
      assert.ok(to - from + 1 <= most + 0.01, `${to - from + 1} starts in ${width} ms`);
    }
  }
}

test("a lane that nobody opens in time has the sweep look for a claim", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, { limit: 1, period: minute, burst: 1 });
  await stage.trigger(3);
  await take(stage);
  assert.deepEqual(await stage.runs.sweepLanes(), []);
  await pass(stage, minute + 1_500);
  assert.deepEqual(await stage.runs.sweepLanes(), [stage.environment.id]);
  assert.equal(await taken(stage), 1);
});

test("buckets that have long been full are forgotten, others are kept", async (t) => {
  const stage = await runStage(t);
  await setRates(stage, { limit: 1, period: minute, burst: 1 });
  await stage.trigger(2, { concurrencyKey: "a" });
  await take(stage);
  const housekeeping = createHousekeeping({ database: stage.database, onError: assert.ifError });
  await housekeeping.runOnce();
  assert.equal((await stage.sql("select from rate_bucket")).length, 1);
  await pass(stage, 70 * minute);
  await housekeeping.runOnce();
  assert.equal((await stage.sql("select from rate_bucket")).length, 0);
});
