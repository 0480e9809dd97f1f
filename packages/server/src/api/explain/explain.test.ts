import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import type { Claim } from "../../engine/ports.ts";
import { createBatchStore } from "../../store/batches.ts";
import { createHostStore } from "../../store/hosts.ts";
import { createQueueStore } from "../../store/queues.ts";
import { limitedTask, plainTask, type RunStage, runStage } from "../../store/runs/fixtures/run-stage.ts";
import { createVersionStore } from "../../store/versions.ts";
import { createWaitStore } from "../../store/waits/wait-store.ts";
import { assertKeeps, claimed, explained, type Obstacle } from "./fixtures/obstacle.ts";

const keyedTask = "stage.keyed.run";

const complete = (stage: RunStage, claim: Claim) =>
  stage.settle({ completed: [{ ...claim, output: null, outputType: "application/json", durationMs: 1 }] });

const executing = new WeakMap<RunStage, Claim[]>();

/** Runs that hold slots, to be completed by {@link completeOne}. */
async function fill(stage: RunStage, count: number, changes: Parameters<RunStage["executing"]>[0]): Promise<void> {
  const claims: Claim[] = [];
  for (let i = 0; i < count; i++) claims.push(await stage.executing(changes));
  executing.set(stage, claims);
}

async function completeOne(stage: RunStage): Promise<void> {
  const claim = executing.get(stage)?.pop();
  assert.ok(claim);
  await complete(stage, claim);
}

async function triggerOne(stage: RunStage, changes?: Parameters<RunStage["trigger"]>[1]): Promise<string> {
  const [runId = ""] = await stage.trigger(1, changes);
  return runId;
}

const register = (stage: RunStage, contentHash: string, ...ids: string[]) =>
  createVersionStore(stage.database).register(stage.environment.id, {
    contentHash,
    processKeepAlive: true,
    tasks: ids.map((id) => ({ id, filePath: "a.ts", queue: { name: `task/${id}` }, retry: defaultRetryPolicy })),
  });

const queues = (stage: RunStage) => createQueueStore(stage.database);

/** A run of the limited queue whose wait is over while others hold both slots. */
async function resuming(stage: RunStage): Promise<string> {
  const waits = createWaitStore(stage.database);
  const claim = await stage.executing({ taskId: limitedTask });
  const token = await waits.createToken({
    environmentId: stage.environment.id,
    timeout: null,
    tags: [],
    idempotency: null,
  });
  const opens = { kind: "join", waitpointId: token.id } as const;
  await waits.open(stage.environment.id, stage.hostId, [{ ...claim, wait: "token#1", opens }]);
  await waits.suspend(stage.environment.id, stage.hostId, [{ ...claim, waits: ["token#1"] }]);
  await fill(stage, 2, { taskId: limitedTask });
  await waits.completeToken(stage.environment.id, token.id, { text: null, type: "application/json" });
  return claim.runId;
}

const obstacles: Record<string, Obstacle> = {
  "the environment is paused": {
    condition: "environment_not_paused",
    reason: /^The environment dev is paused: resume it to go on\.$/,
    async arrange(stage) {
      await queues(stage).setEnvironmentPaused(stage.environment.id, true);
      return triggerOne(stage);
    },
    remove: (stage) => queues(stage).setEnvironmentPaused(stage.environment.id, false),
  },
  "no host is connected": {
    condition: "host_connected",
    reason: /^No worker host is connected to environment dev: start one with 'pawl dev' or 'pawl worker'\.$/,
    async arrange(stage) {
      await stage.loseHost();
      return triggerOne(stage);
    },
    remove: (stage) => stage.sql("update host set lease_expires_at = now() + interval '1 hour'"),
  },
  "no host has the current version": {
    condition: "host_has_version",
    reason: /^No connected worker host has the current version \d{8}\.2 of environment dev yet: update the worker\.$/,
    async arrange(stage) {
      await register(stage, "another-version", plainTask);
      return triggerOne(stage);
    },
    remove: (stage) => register(stage, "0123456789abcdef", plainTask),
  },
  "no host has the version that the run is locked to": {
    condition: "host_has_version",
    reason: /^The run is locked to version \d{8}\.2, which no connected worker host has/,
    async arrange(stage) {
      const other = await register(stage, "another-version", plainTask);
      await register(stage, "0123456789abcdef", plainTask);
      return triggerOne(stage, { lockToVersion: other.label });
    },
    async remove(stage) {
      const [row] = await stage.sql("select array_agg(id) as ids from version");
      await createHostStore(stage.database).announce(stage.hostId, row?.ids as string[]);
    },
  },
  "the queue is paused": {
    condition: "queue_not_paused",
    reason: new RegExp(`^The queue task/${plainTask} is paused: resume it to go on\\.$`),
    async arrange(stage) {
      await queues(stage).setPaused(stage.environment.id, `task/${plainTask}`, true);
      return triggerOne(stage);
    },
    remove: (stage) => queues(stage).setPaused(stage.environment.id, `task/${plainTask}`, false),
  },
  "the queue is at its limit": {
    condition: "queue_limit",
    reason: new RegExp(
      `^The queue task/${limitedTask} is at its limit: 2 of 2 runs execute, the oldest run_\\w{26} for \\d.* on host stage\\.$`,
    ),
    async arrange(stage) {
      await fill(stage, 2, { taskId: limitedTask });
      return triggerOne(stage, { taskId: limitedTask });
    },
    remove: completeOne,
  },
  "the queue is at its overridden limit": {
    condition: "queue_limit",
    reason: /at its limit: 1 of 1 runs execute/,
    async arrange(stage) {
      await queues(stage).overrideLimit(stage.environment.id, `task/${limitedTask}`, 1);
      await fill(stage, 1, { taskId: limitedTask });
      return triggerOne(stage, { taskId: limitedTask });
    },
    remove: (stage) => queues(stage).overrideLimit(stage.environment.id, `task/${limitedTask}`, null),
  },
  "the concurrency key is at the queue's limit": {
    condition: "queue_limit",
    reason: new RegExp(`^The key ada of the queue task/${limitedTask} is at its limit: 2 of 2 runs execute`),
    async arrange(stage) {
      await fill(stage, 2, { taskId: limitedTask, concurrencyKey: "ada" });
      const runId = await triggerOne(stage, { taskId: limitedTask, concurrencyKey: "ada" });
      const other = await triggerOne(stage, { taskId: limitedTask, concurrencyKey: "bob" });
      assert.deepEqual(await claimed(stage), [other]);
      return runId;
    },
    remove: completeOne,
  },
  "the queue is at its limit for all keys together": {
    condition: "queue_combined_limit",
    reason: /^The queue keyed is at its limit for all keys together: 2 of 2 runs execute\.$/,
    async arrange(stage) {
      await stage.sql(
        "insert into queue (environment_id, name, combined_limit) select id, 'keyed', 2 from environment",
      );
      await fill(stage, 1, { queueName: "keyed", concurrencyKey: "ada" });
      await stage.executing({ queueName: "keyed", concurrencyKey: "bob" });
      return triggerOne(stage, { queueName: "keyed", concurrencyKey: "eve" });
    },
    remove: completeOne,
  },
  "the environment is at its limit": {
    condition: "environment_limit",
    reason: /^The environment dev is at its limit: 1 of 1 runs execute\.$/,
    async arrange(stage) {
      await queues(stage).setEnvironmentLimit(stage.environment.id, 1);
      await fill(stage, 1, {});
      return triggerOne(stage);
    },
    remove: (stage) => queues(stage).setEnvironmentLimit(stage.environment.id, 2),
  },
  "every process is busy": {
    condition: "process_free",
    reason:
      /^Every process of the connected worker hosts is busy: stage executes 1 run\. 1 run of its queue stands before it\.$/,
    free: 0,
    freeAfter: 2,
    async arrange(stage) {
      await fill(stage, 1, {});
      await triggerOne(stage);
      return triggerOne(stage);
    },
    remove: async () => undefined,
  },
  "no version has the task": {
    condition: "task_known",
    reason: new RegExp(
      `^No version of environment dev has the task ${keyedTask}: correct its id, or start a worker that has it\\.$`,
    ),
    arrange: (stage) => triggerOne(stage, { taskId: keyedTask }),
    async remove(stage) {
      const { id } = await register(stage, "another-version", keyedTask);
      await createHostStore(stage.database).announce(stage.hostId, [id]);
      await stage.runs.promotePending(stage.environment.id);
    },
  },
  "it is delayed": {
    condition: "due",
    reason: /^The run is delayed: it is queued at \d{4}-\S+Z\.$/,
    arrange: (stage) => triggerOne(stage, { delay: { afterMs: 3_600_000 } }),
    async remove(stage, runId) {
      await stage.runs.reschedule(stage.environment.id, runId, { at: new Date(0) });
      await stage.runs.promoteDue();
    },
  },
  "it is delayed under a debounce key": {
    condition: "due",
    reason: /^The run is delayed: it is queued at \d{4}-\S+Z, or later if another trigger has the debounce key k\.$/,
    arrange: (stage) =>
      triggerOne(stage, { debounce: { key: "k", delayMs: 3_600_000, mode: "leading", maxDelayMs: null } }),
    async remove(stage) {
      await stage.sql("update live_run set due_at = now()");
      await stage.runs.promoteDue();
    },
  },
  "the run is to take its slot again": {
    condition: "queue_limit",
    reason:
      /^The wait of the run is over, and it needs its slot again\. The queue .* is at its limit: 2 of 2 runs execute, the oldest/,
    arrange: resuming,
    remove: completeOne,
  },
};

for (const [name, obstacle] of Object.entries(obstacles)) {
  test(`what keeps a run is named, and the run starts without it: ${name}`, (t) => assertKeeps(t, obstacle));
}

test("what counts for a new run does not count for one that is to go on: those whose wait is over go first", async (t) => {
  const stage = await runStage(t);
  const runId = await resuming(stage);
  const behind = await triggerOne(stage, { taskId: limitedTask });
  await completeOne(stage);
  assert.match(
    (await explained(stage, behind)).reason ?? "",
    /1 of 2 runs execute, and 1 whose wait is over goes first/,
  );
  assert.match((await explained(stage, runId)).reason ?? "", /goes on at any moment/);
  assert.deepEqual(await claimed(stage, 5), [runId]);
});

test("a run that expires says when", async (t) => {
  const stage = await runStage(t);
  await stage.loseHost();
  const runId = await triggerOne(stage, { ttlS: 600 });
  assert.match(
    (await explained(stage, runId)).reason ?? "",
    /The run expires at \d{4}-\S+Z unless it starts before\.$/,
  );
});

test("a run that was claimed ahead waits for a process of its host", async (t) => {
  const stage = await runStage(t);
  const runId = await triggerOne(stage);
  const [run] = await stage.claim({ direct: 0, ahead: 1 });
  assert.equal(run?.runId, runId);
  const { reason } = await explained(stage, runId);
  assert.equal(reason, "The worker host stage has the run and starts it as soon as one of its processes is free.");
});

test("a run between attempts says which failed and when the next comes", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing();
  const failure = { error: { type: "STRING_ERROR", raw: "no" }, outcome: "failed", durationMs: 1 } as const;
  await stage.settle({ failed: [{ ...claim, ...failure, retryDelayMs: 60_000, isRetriedInPlace: false }] });
  const { reason } = await explained(stage, claim.runId);
  assert.match(reason ?? "", /^Attempt 1 failed; the next one is queued at \d{4}-\S+Z\.$/);
});

test("a cancelled run is given time by its host", async (t) => {
  const stage = await runStage(t);
  const { runId } = await stage.executing();
  await stage.runs.cancel(stage.environment.id, [runId]);
  const { reason } = await explained(stage, runId);
  assert.equal(reason, "The run was cancelled: its code on host stage is given 30 seconds to end.");
});

/** A run that has opened one wait of each kind. */
async function withWaits(stage: RunStage): Promise<Claim> {
  const environmentId = stage.environment.id;
  const waits = createWaitStore(stage.database);
  const claim = await stage.executing();
  const idempotency = null;
  const token = await waits.createToken({ environmentId, timeout: { afterMs: 60_000 }, tags: [], idempotency });
  const opens = [
    { wait: "time#1", opens: { kind: "time", at: new Date(4e12), idempotency } },
    { wait: "token#1", opens: { kind: "join", waitpointId: token.id } },
  ] as const;
  const opened = opens.map((wait) => ({ ...claim, ...wait }));
  await waits.open(environmentId, stage.hostId, opened);
  const parent = { runId: claim.runId, claim: { hostId: stage.hostId, fence: claim.fence } };
  const delay = { afterMs: 60_000 };
  await triggerOne(stage, { parent: { ...parent, wait: "run#1" }, triggerFunction: "triggerAndWait", delay });
  const batches = createBatchStore(stage.database);
  const batch = { environmentId, id: newUuid(), runCount: 3, requestKey: null, idempotency };
  await batches.create({ ...batch, parent: { ...parent, wait: "batch#1" } });
  await batches.failItems(environmentId, batch.id, [{ index: 0, taskId: plainTask, error: "no", errorCode: "x" }]);
  return claim;
}

const waitCases: [waits: string[], reason: RegExp][] = [
  [["time#1"], /^The run waits for a time: until 2096-10-02T07:06:40\.000Z\.$/],
  [["token#1"], /^The run waits for the token waitpoint_\w{26}, which was made .* ago and times out at \S+Z\.$/],
  [["run#1"], /^The run waits for the run run_\w{26}, for .*\.$/],
  [["batch#1"], /^The run waits for the batch batch_\w{26}, of which 1 of 3 runs have ended\.$/],
  [["time#1", "token#1", "run#1"], /^The run waits for the first of 3: the token .*; a time.*; the run .*\.$/],
  [["time#1", "token#1", "run#1", "batch#1"], /^The run waits for the first of 4: .*, and 1 more\.$/],
];

for (const [waits, reason] of waitCases) {
  test(`a waiting run names what it waits for: ${waits.join(", ")}`, async (t) => {
    const stage = await runStage(t);
    const claim = await withWaits(stage);
    await createWaitStore(stage.database).suspend(stage.environment.id, stage.hostId, [{ ...claim, waits }]);
    const { reason: shown, conditions } = await explained(stage, claim.runId);
    assert.match(shown ?? "", reason);
    assert.deepEqual(conditions, [{ name: "wait_over", holds: false, detail: shown }]);
  });
}

test("a run that has ended waits for nothing, whatever lost a race in it", async (t) => {
  const stage = await runStage(t);
  const claim = await withWaits(stage);
  const waits = ["time#1", "token#1", "run#1", "batch#1"];
  await createWaitStore(stage.database).suspend(stage.environment.id, stage.hostId, [{ ...claim, waits }]);
  await complete(stage, claim);
  assert.equal(await stage.reader.standing(stage.environment.id, claim.runId), null);
});

test("a run that has ended or does not exist has no standing", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing();
  await complete(stage, claim);
  assert.equal(await stage.reader.standing(stage.environment.id, claim.runId), null);
  assert.equal(await stage.reader.standing(stage.environment.id, newUuid()), null);
});
