import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import { runStates } from "@pawl/contract/run-state";
import type { Claim } from "../../engine/ports.ts";
import { createHostStore } from "../hosts.ts";
import { createVersionStore } from "../versions.ts";
import { error, type WaitStage, waitStage } from "../waits/fixtures/wait-stage.ts";

// Every verb on a run in every state. A cell says where the run stands afterwards, with the attempts it has used and whether it
// holds a slot (+); "·" says that the verb changes nothing.

const laterTask = "stage.later.run";
const ttl = { ttlS: 3_600 } as const;

const states = {
  async pending_version(stage: WaitStage): Promise<Claim> {
    const [runId = ""] = await stage.trigger(1, { ...ttl, taskId: laterTask });
    return { runId, fence: 0 };
  },
  async delayed(stage: WaitStage): Promise<Claim> {
    const [runId = ""] = await stage.trigger(1, { ...ttl, delay: { afterMs: 60_000 } });
    return { runId, fence: 0 };
  },
  async "delayed after an attempt"(stage: WaitStage): Promise<Claim> {
    const claim = await stage.executing(ttl);
    await stage.fail(claim, 60_000);
    return claim;
  },
  async queued(stage: WaitStage): Promise<Claim> {
    const [runId = ""] = await stage.trigger(1, ttl);
    return { runId, fence: 0 };
  },
  async claimed(stage: WaitStage): Promise<Claim> {
    const [runId = ""] = await stage.trigger(1, ttl);
    await stage.claim({ direct: 0, ahead: 1 });
    return { runId, fence: 1 };
  },
  executing: (stage: WaitStage): Promise<Claim> => stage.executing(ttl),
  waiting: (stage: WaitStage): Promise<Claim> => stage.waiting(ttl),
  async resuming(stage: WaitStage): Promise<Claim> {
    const claim = await stage.executing(ttl);
    await stage.sleep(claim, "time#1", -1);
    await stage.suspend(claim, "time#1");
    await stage.runs.promoteDue();
    return claim;
  },
  async cancelling(stage: WaitStage): Promise<Claim> {
    const claim = await stage.executing(ttl);
    await stage.runs.cancel(stage.environment.id, [claim.runId]);
    return claim;
  },
  async "cancelling while it waits"(stage: WaitStage): Promise<Claim> {
    const claim = await stage.waiting(ttl);
    await stage.runs.cancel(stage.environment.id, [claim.runId]);
    return claim;
  },
  async finished(stage: WaitStage): Promise<Claim> {
    const claim = await stage.executing(ttl);
    await stage.complete(claim);
    return claim;
  },
} as const;

type State = keyof typeof states;

interface Verb {
  readonly apply: (stage: WaitStage, subject: Claim) => Promise<unknown>;
  /** Where a run of each state stands after the verb; states that are missing stay as they are. */
  readonly moves: { readonly [S in State]?: string };
  /** Whether it changes the stage, so that each state needs one of its own. */
  readonly isLasting?: boolean;
}

const endsAsCanceled = { cancelling: "canceled 1", "cancelling while it waits": "canceled 1" } as const;

const failure = (subject: Claim, retryDelayMs: number | null, isRetriedInPlace = false) =>
  ({ ...subject, error, outcome: "crashed", durationMs: 1, retryDelayMs, isRetriedInPlace }) as const;

const verbs: Record<string, Verb> = {
  "claim for a ready process": {
    apply: (stage) => stage.runs.claim(stage.claimRequest()),
    moves: { queued: "executing 1 +", resuming: "executing 1 +" },
  },
  "claim ahead": {
    apply: (stage) => stage.runs.claim(stage.claimRequest({ direct: 0, ahead: 1 })),
    moves: { queued: "claimed 0 +", resuming: "executing 1 +" },
  },
  resume: {
    apply: (stage) => stage.runs.claim(stage.claimRequest({ direct: 0 })),
    moves: { resuming: "executing 1 +" },
  },
  start: {
    apply: (stage, subject) => stage.settle({ started: [subject] }),
    moves: { claimed: "executing 1 +" },
  },
  "give back": {
    apply: (stage, subject) => stage.settle({ returned: [subject] }),
    moves: { claimed: "queued 0", executing: "queued 0", ...endsAsCanceled },
  },
  suspend: {
    async apply(stage, subject) {
      await stage.sleep(subject, "time#9");
      await stage.suspend(subject, "time#9");
    },
    moves: { executing: "waiting 1" },
  },
  "suspend for a wait that is over": {
    async apply(stage, subject) {
      await stage.sleep(subject, "time#9");
      await stage.sql("update waitpoint set completed_at = now() where kind = 'time' and completed_at is null");
      await stage.suspend(subject, "time#9");
    },
    moves: { waiting: "resuming 1" },
  },
  complete: {
    apply: (stage, subject) => stage.complete(subject),
    moves: { executing: "completed 1", waiting: "completed 1", resuming: "completed 1", ...endsAsCanceled },
  },
  "fail with attempts left": {
    apply: (stage, subject) => stage.settle({ failed: [failure(subject, 60_000)] }),
    moves: { executing: "delayed 1", waiting: "delayed 1", resuming: "delayed 1", ...endsAsCanceled },
  },
  "fail, to be attempted again in place": {
    apply: (stage, subject) => stage.settle({ failed: [failure(subject, 500, true)] }),
    moves: { executing: "executing 2 +", waiting: "delayed 1", resuming: "delayed 1", ...endsAsCanceled },
  },
  "fail for good": {
    apply: (stage, subject) => stage.settle({ failed: [failure(subject, null)] }),
    moves: { executing: "crashed 1", waiting: "crashed 1", resuming: "crashed 1", ...endsAsCanceled },
  },
  orphan: {
    apply: (stage, subject) => stage.settle({ orphaned: [subject] }),
    moves: { executing: "queued 0", waiting: "queued 0", resuming: "queued 0", ...endsAsCanceled },
  },
  cancel: {
    apply: (stage, subject) => stage.runs.cancel(stage.environment.id, [subject.runId]),
    moves: {
      pending_version: "canceled 0",
      delayed: "canceled 0",
      "delayed after an attempt": "canceled 1",
      queued: "canceled 0",
      claimed: "canceled 0",
      executing: "cancelling 1 +",
      waiting: "cancelling 1",
      resuming: "cancelling 1",
    },
  },
  "end what is cancelled": {
    apply: (stage, subject) => stage.runs.endCancelling(stage.environment.id, [subject.runId]),
    moves: endsAsCanceled,
  },
  expire: {
    async apply(stage) {
      await stage.sql("update live_run set expires_at = now() where expires_at is not null");
      await stage.runs.promoteDue();
    },
    moves: { pending_version: "expired 0", delayed: "expired 0", queued: "expired 0", claimed: "expired 0" },
  },
  reschedule: {
    async apply(stage, subject) {
      await stage.runs.reschedule(stage.environment.id, subject.runId, { afterMs: -1 });
      await stage.runs.promoteDue();
    },
    moves: { delayed: "queued 0" },
  },
  "do what is due": {
    async apply(stage) {
      await stage.sql("update live_run set due_at = now() where due_at is not null");
      await stage.sql("update waitpoint set due_at = now() where due_at is not null");
      await stage.runs.promoteDue();
    },
    moves: { delayed: "queued 0", "delayed after an attempt": "queued 1", waiting: "resuming 1" },
  },
  rescue: {
    async apply(stage) {
      await stage.loseHost();
      await stage.runs.rescue();
    },
    moves: {
      claimed: "queued 0",
      executing: "queued 1",
      waiting: "queued 0",
      resuming: "queued 0",
      ...endsAsCanceled,
    },
  },
  "reconcile with a host that holds nothing": {
    apply: (stage) => stage.runs.reconcile(stage.environment.id, stage.hostId, []),
    moves: {
      claimed: "queued 0",
      executing: "queued 0",
      waiting: "queued 0",
      resuming: "queued 0",
      ...endsAsCanceled,
    },
  },
  "register a version with other tasks": {
    async apply(stage) {
      await createVersionStore(stage.database).register(stage.environment.id, {
        contentHash: "fedcba9876543210",
        processKeepAlive: true,
        tasks: [{ id: laterTask, filePath: "trigger/later.ts", queue: { name: "later" }, retry: defaultRetryPolicy }],
      });
      await stage.runs.promotePending(stage.environment.id);
    },
    moves: { pending_version: "queued 0", delayed: "pending_version 0", queued: "pending_version 0" },
    isLasting: true,
  },
};

async function standing(stage: WaitStage, runId: string): Promise<string> {
  const run = await stage.reader.retrieve(stage.environment.id, runId);
  const live = await stage.liveRun(runId);
  return `${run?.state ?? run?.outcome} ${run?.attempt}${live?.holds_slot === true ? " +" : ""}`;
}

/** Ends the run, and brings the host back if it was lost, so that the next cell finds an empty stage. */
async function clear(stage: WaitStage, { runId }: Claim): Promise<void> {
  await stage.runs.cancel(stage.environment.id, [runId]);
  await stage.runs.endCancelling(stage.environment.id, [runId]);
  const [id, environmentId] = [stage.hostId, stage.environment.id];
  const host = { id, environmentId, name: "stage", versionIds: [stage.versionId], leaseMs: 3_600_000 };
  await createHostStore(stage.database).connect(host);
}

for (const [verb, { apply, moves, isLasting = false }] of Object.entries(verbs)) {
  test(verb, async (t) => {
    let stage: WaitStage | null = null;
    for (const [state, make] of Object.entries(states)) {
      const move = moves[state as State]; // the keys of the table of states
      await t.test(`on a run that is ${state}: ${move ?? "·"}`, async () => {
        stage = isLasting ? await waitStage(t) : (stage ?? (await waitStage(t)));
        const subject = await make(stage);
        const before = await standing(stage, subject.runId);
        await apply(stage, subject);
        assert.equal(await standing(stage, subject.runId), move ?? before);
        await clear(stage, subject);
      });
    }
  });
}

test("every state of a run is in the table", () => {
  const covered = new Set(Object.keys(states).map((state) => state.split(" ")[0]));
  assert.deepEqual(
    runStates.filter((state) => !covered.has(state)),
    [],
  );
});
