import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClaimRequest, NewRun } from "../../engine/ports.ts";
import { limitedTask, plainTask, type RunStage, runStage } from "./fixtures/run-stage.ts";
import { createRunStore } from "./run-store.ts";

/** A stage whose last claim left nothing, and the statements that the store sends from then on. */
async function drainedStage(t: Parameters<typeof runStage>[0]) {
  const stage = await runStage(t);
  const sent: string[] = [];
  const runs = createRunStore({
    ...stage.database,
    transaction(statements) {
      sent.push(...statements.map(({ name }) => name));
      return stage.database.transaction(statements);
    },
  });
  const make = (made: readonly NewRun[], request: Partial<ClaimRequest> = {}) =>
    runs.insertAndClaim(made, stage.claimRequest(request));
  const drain = async () => {
    for (let round = 0; round < 2; round++) {
      const { claim } = await make([stage.newRun()], { direct: 2 });
      await stage.settle({ completed: claim.claimed.map((run) => ({ ...run, ...emptyOutput })) });
    }
    sent.length = 0;
  };
  await drain();
  return { stage, sent, make, drain };
}

const emptyOutput = { output: null, outputType: "application/json", durationMs: 1 } as const;
const ownColumns = /^(run_id|order_at|claimed_order_at|booked_at|started_at|attempt_started_at|expires_at)$/;

/** What a row says apart from its own id and times; of the times, whether there is one. */
async function shapeOf(stage: RunStage, runId: string) {
  const row = (await stage.liveRun(runId)) ?? {};
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, ownColumns.test(name) ? value !== null : value]),
  );
}

test("a run that is claimed as it is made stands there as one that was queued and then claimed", async (t) => {
  const { stage, sent, make, drain } = await drainedStage(t);
  await stage.sql("update task set ttl_s = 600, max_duration_s = 30 where id = $1", [plainTask]);
  for (const request of [
    { direct: 1, ahead: 0 },
    { direct: 0, ahead: 1 },
  ]) {
    const options = { tags: ['a "tag"'], maxAttempts: 2, isTest: true };
    const queued = stage.newRun(options);
    await stage.insert([queued]);
    const [usual] = await stage.claim(request);
    await drain();
    const run = stage.newRun(options);
    const { outcomes, claim, nextDueInMs } = await make([run], request);
    assert.deepEqual(outcomes, [{ kind: "created", runId: run.id }]);
    assert.deepEqual(sent, ["environment_lock", "runs_insert_claimed"]);
    const [made] = claim.claimed;
    assert.ok(made !== undefined && usual !== undefined);
    const { runId, createdAt, traceId } = made;
    assert.deepEqual({ ...usual, runId, createdAt, traceId }, made);
    assert.deepEqual(await shapeOf(stage, run.id), await shapeOf(stage, queued.id));
    assert.equal(nextDueInMs, request.direct === 1 ? null : 600_000);
  }
});

test("of several, those beyond the room are queued, and the next claim finds them", async (t) => {
  const { stage, sent, make } = await drainedStage(t);
  const made = Array.from({ length: 6 }, () => stage.newRun());
  const { claim } = await make([stage.newRun({ taskId: "stage.later.run" }), ...made], {
    direct: 1,
    ahead: 3,
    inAdvance: 1,
  });
  assert.ok(sent.includes("runs_insert_claimed"));
  assert.deepEqual(
    claim.claimed.map((run) => [run.runId, run.isStarted]),
    [
      [made[0]?.id, true],
      [made[1]?.id, true],
      [made[2]?.id, false],
      [made[3]?.id, false],
    ],
  );
  assert.equal(claim.hasMore, true);
  assert.deepEqual(
    (await stage.claim({ direct: 9 })).map((run) => run.runId),
    [made[4]?.id, made[5]?.id],
  );
});

test("the environment's limit holds, and is named", async (t) => {
  const { stage, make } = await drainedStage(t);
  await stage.sql("update environment set concurrency_limit = 2");
  const made = Array.from({ length: 3 }, () => stage.newRun());
  const { claim } = await make(made, { direct: 3 });
  assert.deepEqual([claim.claimed.length, claim.isEnvironmentFull], [2, true]);
  const next = await make([stage.newRun()], { direct: 3 });
  assert.deepEqual([next.claim.claimed.length, next.claim.isEnvironmentFull], [0, true]);
});

const obstacles: Readonly<Record<string, (stage: RunStage) => Promise<unknown>>> = {
  "a run is queued before it": (stage) => stage.trigger(1),
  "a run is queued before it in a lane of its own": (stage) => stage.trigger(1, { concurrencyKey: "other" }),
  "its queue is paused": (stage) =>
    stage.sql("update queue set is_paused = true where name = $1", [`task/${plainTask}`]),
  "its queue has a limit": (stage) =>
    stage.sql("update queue set combined_limit = 5 where name = $1", [`task/${plainTask}`]),
  "the environment is paused": (stage) => stage.sql("update environment set is_paused = true"),
  "a slot came free that others may wait for": (stage) =>
    stage.sql("insert into lane_wake (environment_id, queue_name, concurrency_key) values ($1, 'other', '')", [
      stage.environment.id,
    ]),
  "the bounds of claims are old": (stage) => stage.sql("update dispatch set updated_at = now() - interval '1 minute'"),
};

for (const [obstacle, arrange] of Object.entries(obstacles)) {
  test(`it is left to a claim when ${obstacle}`, async (t) => {
    const { stage, sent, make } = await drainedStage(t);
    await arrange(stage);
    const run = stage.newRun();
    const { outcomes, claim } = await make([run]);
    assert.deepEqual(outcomes, [{ kind: "created", runId: run.id }]);
    assert.deepEqual(sent.slice(0, 2), ["environment_lock", "runs_insert_claimed"]);
    assert.ok(sent.length > 2, "a claim has followed");
    const isHeldBack = obstacle.includes("paused") || obstacle.includes("before it");
    assert.equal(
      claim.claimed.some((claimed) => claimed.runId === run.id),
      !isHeldBack,
    );
    if (isHeldBack) assert.equal((await stage.liveRun(run.id))?.state, "queued");
  });
}

test("a run under a limit is left to a claim, which counts it", async (t) => {
  const { stage, make } = await drainedStage(t);
  const { claim } = await make(
    Array.from({ length: 3 }, () => stage.newRun({ taskId: limitedTask })),
    { direct: 3 },
  );
  assert.equal(claim.claimed.length, 2);
});

test("for a host that has connected again, or has not the version, nothing is claimed", async (t) => {
  const { stage, make, drain } = await drainedStage(t);
  const none = await make([stage.newRun()], { connection: 99 });
  assert.deepEqual(none.claim.claimed, []);
  await stage.claim({ direct: 5 });
  await drain();
  const other = await make([stage.newRun()], { versionIds: [] });
  assert.deepEqual(other.claim.claimed, []);
});

test("a key that is taken finds its run", async (t) => {
  const { stage, make } = await drainedStage(t);
  const first = stage.newRun({ requestKey: "taken" });
  await make([first]);
  const { outcomes } = await make([stage.newRun({ requestKey: "taken" })]);
  assert.deepEqual(outcomes, [{ kind: "found", runId: first.id, isCached: false }]);
});

test("of triggers that come at once on two connections no more start than the limit allows", async (t) => {
  const { stage, make } = await drainedStage(t);
  await stage.sql("update environment set concurrency_limit = 3");
  const made = await Promise.all(Array.from({ length: 8 }, () => make([stage.newRun()], { direct: 1 })));
  assert.equal(made.flatMap(({ claim }) => claim.claimed).length, 3);
});
