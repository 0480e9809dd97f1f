import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import { createVersionStore } from "../versions.ts";
import { type RunStage, runStage } from "./fixtures/run-stage.ts";

// Every verb on a run in every state that the skeleton reaches. A cell says where the run stands afterwards; "·" says that the
// verb changes nothing.

interface Subject {
  readonly runId: string;
  readonly fence: number;
}

const laterTask = "stage.later.run";
const error = { type: "STRING_ERROR", raw: "no" } as const;

const states = {
  async pending_version(stage: RunStage): Promise<Subject> {
    const [runId = ""] = await stage.trigger(1, { taskId: laterTask });
    return { runId, fence: 0 };
  },
  async delayed(stage: RunStage): Promise<Subject> {
    const claim = await stage.executing();
    await stage.settle({ failed: [{ ...claim, error, outcome: "failed", durationMs: 1, retryDelayMs: 60_000 }] });
    await stage.sql("update live_run set due_at = now() - interval '1 second'");
    return claim;
  },
  async queued(stage: RunStage): Promise<Subject> {
    const [runId = ""] = await stage.trigger(1);
    return { runId, fence: 0 };
  },
  async claimed(stage: RunStage): Promise<Subject> {
    const [runId = ""] = await stage.trigger(1);
    await stage.runs.claim(stage.claimRequest({ direct: 0, ahead: 1 }));
    return { runId, fence: 1 };
  },
  executing: (stage: RunStage): Promise<Subject> => stage.executing(),
  async finished(stage: RunStage): Promise<Subject> {
    const claim = await stage.executing();
    await stage.settle({ completed: [{ ...claim, output: null, outputType: "application/json", durationMs: 1 }] });
    return claim;
  },
} as const;

type State = keyof typeof states;

interface Verb {
  readonly apply: (stage: RunStage, subject: Subject) => Promise<unknown>;
  /** Where a run of each state stands after the verb; states that are missing stay as they are. */
  readonly moves: { readonly [S in State]?: string };
}

const verbs: Record<string, Verb> = {
  "claim for a ready process": {
    apply: (stage) => stage.runs.claim(stage.claimRequest()),
    moves: { queued: "executing 1" },
  },
  "claim ahead": {
    apply: (stage) => stage.runs.claim(stage.claimRequest({ direct: 0, ahead: 1 })),
    moves: { queued: "claimed 0" },
  },
  start: {
    apply: (stage, subject) => stage.settle({ started: [subject] }),
    moves: { claimed: "executing 1" },
  },
  "give back": {
    apply: (stage, subject) => stage.settle({ returned: [subject] }),
    moves: { claimed: "queued 0", executing: "queued 0" },
  },
  complete: {
    apply: (stage, subject) =>
      stage.settle({ completed: [{ ...subject, output: "1", outputType: "application/json", durationMs: 1 }] }),
    moves: { executing: "completed 1" },
  },
  "fail with attempts left": {
    apply: (stage, subject) =>
      stage.settle({ failed: [{ ...subject, error, outcome: "failed", durationMs: 1, retryDelayMs: 60_000 }] }),
    moves: { executing: "delayed 1" },
  },
  "fail for good": {
    apply: (stage, subject) =>
      stage.settle({ failed: [{ ...subject, error, outcome: "crashed", durationMs: 1, retryDelayMs: null }] }),
    moves: { executing: "crashed 1" },
  },
  rescue: {
    async apply(stage) {
      await stage.loseHost();
      await stage.runs.rescue();
    },
    moves: { claimed: "queued 0", executing: "queued 1" },
  },
  "reconcile with a host that holds nothing": {
    apply: (stage) => stage.runs.reconcile(stage.environment.id, stage.hostId, []),
    moves: { claimed: "queued 0", executing: "queued 0" },
  },
  "promote what is due": {
    apply: (stage) => stage.runs.promoteDue(),
    moves: { delayed: "queued 1" },
  },
  "promote what waits for a version": {
    async apply(stage) {
      await createVersionStore(stage.database).register(stage.environment.id, {
        contentHash: "fedcba9876543210",
        processKeepAlive: true,
        tasks: [{ id: laterTask, filePath: "trigger/later.ts", queue: { name: "later" }, retry: defaultRetryPolicy }],
      });
      await stage.runs.promotePending(stage.environment.id);
    },
    moves: { pending_version: "queued 0" },
  },
};

async function standing(stage: RunStage, runId: string): Promise<string> {
  const run = await stage.reader.retrieve(stage.environment.id, runId);
  return `${run?.state ?? run?.outcome} ${run?.attempt}`;
}

for (const [verb, { apply, moves }] of Object.entries(verbs)) {
  for (const [state, make] of Object.entries(states)) {
    const move = moves[state as State]; // the keys of the table of states
    test(`${verb}, on a run that is ${state}: ${move ?? "·"}`, async (t) => {
      const stage = await runStage(t);
      const subject = await make(stage);
      const before = await standing(stage, subject.runId);
      await apply(stage, subject);
      assert.equal(await standing(stage, subject.runId), move ?? before);
    });
  }
}
