import assert from "node:assert/strict";
import { test } from "node:test";
import { plainTask } from "../../store/runs/fixtures/run-stage.ts";
import { type EngineStage, engineStage } from "../fixtures/engine-stage.ts";
import { CancelDeadlines, cancelDeadlineMs } from "../services/cancel-deadlines.ts";
import { cancel } from "./cancel.ts";

const outcomeOf = async (stage: EngineStage, runId: string) =>
  (await stage.reader.retrieve(stage.environment.id, runId))?.outcome;

/** A tree of queued runs: so many children for each run of the level above. */
async function makeTree(stage: EngineStage, levels: readonly number[]): Promise<readonly string[]> {
  const root = await stage.triggered();
  const all = [root];
  let level = [root];
  for (const width of levels) {
    const requests = level.flatMap((runId) =>
      Array.from({ length: width }, () => stage.request({ parent: { runId, claim: null, wait: null } })),
    );
    const outcomes = await stage.engine.triggerMany(requests);
    level = outcomes.map((outcome) => (outcome.kind === "created" ? outcome.runId : ""));
    all.push(...level);
  }
  return all;
}

const outcomes = (stage: EngineStage) =>
  stage.sql("select coalesce(outcome, 'live') as outcome, count(*)::int from run group by 1 order by 1");

test("a run is cancelled with all that it has made, in pages and level by level", async (t) => {
  const stage = await engineStage(t);
  const [root = ""] = await makeTree(stage, [3, 400]);
  assert.equal(await stage.engine.cancel(stage.environment.id, root), "cancelled");
  assert.deepEqual(await outcomes(stage), [{ outcome: "canceled", count: 1_204 }]);
  assert.equal(await stage.engine.cancel(stage.environment.id, root), "already_finished");
  assert.equal(await stage.engine.cancel(stage.environment.id, stage.versionId), "not_found");
});

test("a cancellation that was interrupted is finished by the next call", async (t) => {
  const stage = await engineStage(t);
  const [root = ""] = await makeTree(stage, [2, 2, 2]);
  const { runs } = stage;
  for (const until of [1, 2, 3]) {
    let pages = 0;
    const interrupted = cancel(runs, stage.environment.id, root, () => {
      if (++pages === until) throw new Error("the server died");
    });
    await assert.rejects(interrupted, /died/);
  }
  assert.equal(await stage.engine.cancel(stage.environment.id, root), "already_finished");
  assert.deepEqual(await outcomes(stage), [{ outcome: "canceled", count: 15 }]);
});

test("a run that has ended otherwise keeps its children", async (t) => {
  const stage = await engineStage(t);
  const host = stage.playedHost({ processes: 1, play: async () => undefined });
  host.connect(stage.engine);
  const runId = await stage.triggered();
  const delay = { afterMs: 3_600_000 };
  await host.until(() => host.begun.includes(runId));
  const childId = await stage.triggered({ delay, parent: { runId, claim: null, wait: null } }).catch(() => null);
  await host.until(() => host.finished.has(runId));
  assert.equal(await stage.engine.cancel(stage.environment.id, runId), "already_finished");
  if (childId !== null) assert.equal((await stage.liveRun(childId))?.state, "delayed");
});

test("an executing run is asked to end, with its children, and is ended as canceled whatever it reports", async (t) => {
  const stage = await engineStage(t);
  const host = stage.playedHost({
    processes: 2,
    async play(played) {
      const { signal, run } = played;
      if (run.tags.includes("parent")) await played.call({ kind: "trigger", taskId: plainTask, options: {} });
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      if (run.tags.includes("parent")) throw signal.reason;
      return "1"; // it ends well all the same
    },
  });
  host.connect(stage.engine);
  const runId = await stage.triggered({ tags: ["parent"] });
  await host.until(() => host.begun.length === 2);
  assert.equal(await stage.engine.cancel(stage.environment.id, runId), "cancelled");
  await host.until(() => host.finished.size === 2);
  for (const one of host.begun) assert.equal(await outcomeOf(stage, one), "canceled");
});

test("a waiting run that is cancelled ends, and so does what it waits for", async (t) => {
  const stage = await engineStage(t);
  const host = stage.playedHost({
    processes: 1,
    async play(played) {
      await played.call({ kind: "token", wait: "token#1" });
      const options = { delay: "1h" };
      await played.call({ kind: "trigger", taskId: plainTask, options, wait: "run#1" });
      await played.awaits(["token#1", "run#1"]);
      return undefined;
    },
  });
  host.connect(stage.engine);
  const runId = await stage.triggered();
  while ((await stage.liveRun(runId))?.state !== "waiting");
  assert.equal(await stage.engine.cancel(stage.environment.id, runId), "cancelled");
  await host.until(() => host.finished.has(runId));
  assert.deepEqual(await outcomes(stage), [{ outcome: "canceled", count: 2 }]);
});

test("a run claimed ahead that is cancelled is taken back from its host", async (t) => {
  const stage = await engineStage(t);
  const hold = Promise.withResolvers<void>();
  const host = stage.playedHost({ processes: 1, ahead: 1, play: () => hold.promise.then(() => undefined) });
  host.connect(stage.engine);
  const first = await stage.triggered();
  await host.until(() => host.begun.includes(first));
  const second = await stage.triggered();
  while ((await stage.liveRun(second))?.state !== "claimed");
  await stage.engine.cancel(stage.environment.id, second);
  assert.equal(await outcomeOf(stage, second), "canceled");
  const third = await stage.triggered(); // its place ahead is free again
  while ((await stage.liveRun(third))?.state !== "claimed");
  hold.resolve();
  await host.until(() => host.finished.has(third));
  assert.deepEqual(host.begun, [first, third]);
});

test("a host that comes back is told again of what was cancelled meanwhile", async (t) => {
  const stage = await engineStage(t);
  const host = stage.playedHost({
    processes: 1,
    play: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
  });
  host.connect(stage.engine);
  const runId = await stage.triggered();
  await host.until(() => host.begun.includes(runId));
  host.close();
  await stage.engine.cancel(stage.environment.id, runId);
  assert.equal((await stage.liveRun(runId))?.state, "cancelling");
  host.connect(stage.engine);
  await host.until(() => host.finished.has(runId));
  assert.equal(await outcomeOf(stage, runId), "canceled");
});

test("a cancelled run whose host does not end it is ended by the server in time", async (t) => {
  const stage = await engineStage(t);
  const hold = Promise.withResolvers<void>();
  const host = stage.playedHost({ processes: 1, play: () => hold.promise.then(() => undefined) });
  host.connect(stage.engine);
  const runId = await stage.triggered();
  await host.until(() => host.begun.includes(runId));
  let now = 0;
  const freed: string[] = [];
  const deadlines = new CancelDeadlines({
    runs: stage.runs,
    onFreed: (environmentId) => freed.push(environmentId),
    onError: (error) => assert.fail(String(error)),
    now: () => now,
  });
  const { cancelling } = await stage.runs.cancel(stage.environment.id, [runId]);
  deadlines.add(cancelling);
  now = cancelDeadlineMs - 1;
  await deadlines.runOnce();
  assert.equal((await stage.liveRun(runId))?.state, "cancelling");
  now = cancelDeadlineMs;
  await deadlines.runOnce();
  assert.equal(await outcomeOf(stage, runId), "canceled");
  assert.deepEqual(freed, [stage.environment.id]);
  hold.resolve();
  await deadlines.stop();
});
