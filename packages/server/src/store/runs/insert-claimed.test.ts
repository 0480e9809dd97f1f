import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import type { Claim, ClaimRequest, NewRun } from "../../engine/ports.ts";
import { createVersionStore } from "../versions.ts";
import { type WaitStage, waitStage } from "../waits/fixtures/wait-stage.ts";
import { limitedTask, plainTask, type RunStage } from "./fixtures/run-stage.ts";
import { createRunStore } from "./run-store.ts";

/** A stage whose last claim left nothing, and the statements that the store sends from then on. */
async function drainedStage(t: Parameters<typeof waitStage>[0]) {
  const stage = await waitStage(t);
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

/** What runs are triggered with, by the statement that makes and claims them; those of a kind differ only in their keys. */
const kinds: Readonly<Record<string, readonly ((stage: WaitStage, parent: Claim, key: string) => Partial<NewRun>)[]>> =
  {
    runs_insert_claimed: [() => ({}), () => ({ tags: ['a "tag"'], maxAttempts: 2, isTest: true })],
    runs_insert_claimed_with_options: [
      (_stage, _parent, key) => ({
        concurrencyKey: "tenant",
        priorityS: 5,
        ttlS: 60,
        maxDurationS: 7,
        metadata: '{"a":1}',
        machine: "large-1x",
        idempotency: { key, lifeS: 60, source: null, scope: "global" },
      }),
      (stage) => ({ queueName: "made by its run", lockToVersion: stage.versionLabel, payload: "x".repeat(200_000) }),
      (stage, parent, key) => ({ triggerFunction: "triggerAndWait", parent: stage.parentOf(parent, key) }),
    ],
  };

for (const [statement, optionsOf] of Object.entries(kinds)) {
  test(`a run that is claimed as it is made stands there as one that was queued and then claimed: ${statement}`, async (t) => {
    const { stage, sent, make, drain } = await drainedStage(t);
    await stage.sql("update task set ttl_s = 600, max_duration_s = 30 where id = $1", [plainTask]);
    const parent = await stage.executing();
    let keys = 0;
    for (const options of optionsOf) {
      for (const request of [
        { direct: 1, ahead: 0 },
        { direct: 0, ahead: 1 },
      ]) {
        const newRun = () => stage.newRun(options(stage, parent, `run#${++keys}`));
        const queued = newRun();
        await stage.insert([queued]);
        const [usual] = await stage.claim(request);
        await drain();
        const run = newRun();
        const { outcomes, claim, nextDueInMs } = await make([run], request);
        assert.deepEqual(outcomes, [{ kind: "created", runId: run.id }]);
        assert.ok(sent.includes(statement) && !sent.some((name) => name.startsWith("runs_claim")), `${sent}`);
        const [made] = claim.claimed;
        assert.ok(made !== undefined && usual !== undefined);
        const { runId, createdAt, traceId, idempotencyKey } = made;
        assert.deepEqual({ ...usual, runId, createdAt, traceId, idempotencyKey }, made);
        assert.equal(idempotencyKey, run.idempotency?.key ?? null);
        assert.deepEqual(await shapeOf(stage, run.id), await shapeOf(stage, queued.id));
        const dueInS = Math.round((nextDueInMs ?? 0) / 1_000);
        assert.equal(dueInS, request.direct === 1 ? 0 : (run.ttlS ?? 600));
      }
    }
  });
}

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

for (const [statement, options] of [
  ["runs_insert_claimed", {}],
  ["runs_insert_claimed_with_options", { priorityS: 1 }],
] as const) {
  for (const [obstacle, arrange] of Object.entries(obstacles)) {
    test(`it is left to a claim when ${obstacle}: ${statement}`, async (t) => {
      const { stage, sent, make } = await drainedStage(t);
      await arrange(stage);
      const run = stage.newRun(options);
      const { outcomes, claim } = await make([run]);
      assert.deepEqual(outcomes, [{ kind: "created", runId: run.id }]);
      assert.deepEqual(sent.slice(0, 2), ["environment_lock", statement]);
      assert.ok(sent.length > 2, "a claim has followed");
      const overtakes = obstacle === "a run is queued before it" && run.priorityS > 0; // in its own lane
      const isHeldBack = obstacle.includes("paused") || (obstacle.includes("before it") && !overtakes);
      assert.equal(
        claim.claimed.some((claimed) => claimed.runId === run.id),
        !isHeldBack,
      );
      if (isHeldBack) assert.equal((await stage.liveRun(run.id))?.state, "queued");
    });
  }
}

test("a run of a version that the host has not, or that is due later, is not claimed as it is made", async (t) => {
  const { stage, sent, make } = await drainedStage(t);
  const current = await createVersionStore(stage.database).register(stage.environment.id, {
    contentHash: "another",
    processKeepAlive: true,
    tasks: [
      { id: plainTask, filePath: "trigger/plain.ts", queue: { name: `task/${plainTask}` }, retry: defaultRetryPolicy },
    ],
  });
  const later = stage.newRun({ delay: { afterMs: 60_000 } });
  const pinned = stage.newRun({ lockToVersion: stage.versionLabel });
  const now = stage.newRun({ concurrencyKey: "now" });
  const { claim, nextDueInMs } = await make([later, pinned, now], { direct: 3, versionIds: [current.id] });
  assert.ok(sent.includes("runs_insert_claimed_with_options"));
  assert.deepEqual(
    claim.claimed.map((run) => [run.runId, run.versionId]),
    [[now.id, current.id]],
  );
  assert.ok(nextDueInMs !== null && nextDueInMs > 50_000);
  const states = await Promise.all([later, pinned].map(async ({ id }) => (await stage.liveRun(id))?.state));
  assert.deepEqual(states, ["delayed", "queued"]);
});

test("runs that can't be made are named beside those that are claimed as they are made", async (t) => {
  const { stage, make } = await drainedStage(t);
  const key = (name: string) => ({ idempotency: { key: name, lifeS: 60, source: null, scope: null } });
  const first = stage.newRun(key("first"));
  await make([first]);
  const [again, wrong, second] = [
    stage.newRun(key("first")),
    stage.newRun({ lockToVersion: "nowhere" }),
    stage.newRun(key("second")),
  ];
  const { outcomes, claim } = await make([again, wrong, second], { direct: 3 });
  assert.deepEqual(outcomes, [
    { kind: "found", runId: first.id, isCached: true },
    { kind: "refused", reason: { kind: "unknown_version", label: "nowhere" } },
    { kind: "created", runId: second.id },
  ]);
  assert.deepEqual(
    claim.claimed.map((run) => run.runId),
    [second.id],
  );
  const none = await make([stage.newRun(key("first"))]);
  assert.deepEqual(none.claim.claimed, []);
});

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
