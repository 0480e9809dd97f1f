import assert from "node:assert/strict";
import { test } from "node:test";
import { limitedTask, plainTask } from "../../store/runs/fixtures/run-stage.ts";
import { type EngineStage, engineStage } from "../fixtures/engine-stage.ts";
import { CallRefused, type PlayedHost, type PlayedRun } from "../fixtures/played-host.ts";

const parentTag = "parent";
const isParent = ({ run }: PlayedRun) => run.tags.includes(parentTag);

async function triggerAndWait(parent: PlayedRun, wait: string, options: object = {}, taskId = plainTask) {
  const answer = await parent.call({ kind: "trigger", taskId, options, wait });
  return (answer as { runId: string }).runId; // a TriggerCallAnswer
}

/** The output of a run that has finished, as JSON. */
async function outcomeOf(stage: EngineStage, runId: string) {
  const run = await stage.reader.retrieve(stage.environment.id, runId);
  return { outcome: run?.outcome, output: run?.output == null ? null : JSON.parse(run.output), error: run?.error };
}

async function untilFinished(stage: EngineStage, host: PlayedHost, runId: string) {
  await host.until(() => host.finished.has(runId));
  return outcomeOf(stage, runId);
}

/** Runs the code of a parent and gives how it ended; everything else it triggers returns its run's id. */
async function runParent(
  stage: EngineStage,
  play: (parent: PlayedRun) => Promise<unknown>,
  settings: { taskId?: string; processes?: number } = {},
) {
  const host = stage.playedHost({
    processes: settings.processes ?? 2,
    async play(played) {
      return JSON.stringify(isParent(played) ? await play(played) : "child");
    },
  });
  host.connect(stage.engine);
  const runId = await stage.triggered({ tags: [parentTag], taskId: settings.taskId ?? plainTask });
  return { host, runId, ended: await untilFinished(stage, host, runId) };
}

test("a parent waits for its child and gets what it returned", async (t) => {
  const stage = await engineStage(t);
  const { host, runId, ended } = await runParent(stage, async (parent) => {
    const child = await triggerAndWait(parent, "run#1");
    const result = (await parent.awaits(["run#1"])).get("run#1");
    assert.ok(result?.kind === "run");
    return { isChild: result.run.runId === child, ok: result.run.ok, output: result.run.output };
  });
  assert.deepEqual(ended.output, { isChild: true, ok: true, output: '"child"' });
  assert.deepEqual(
    host.stamps.filter((stamp) => stamp.run.runId === runId).map((stamp) => stamp.kind),
    ["start", "end", "start", "end"],
  );
});

test("a parent can't block its child, with one slot and one process", async (t) => {
  const stage = await engineStage(t);
  await stage.engine.overrideQueueLimit(stage.environment.id, `task/${limitedTask}`, 1);
  const play = async (parent: PlayedRun) => {
    await triggerAndWait(parent, "run#1", {}, limitedTask);
    return (await parent.awaits(["run#1"])).get("run#1")?.kind;
  };
  const { ended } = await runParent(stage, play, { taskId: limitedTask, processes: 1 });
  assert.equal(ended.output, "run");
});

test("a child that fails is told as a result", async (t) => {
  const stage = await engineStage(t);
  const host = stage.playedHost({
    processes: 2,
    async play(played) {
      if (!isParent(played)) throw new Error("no");
      await triggerAndWait(played, "run#1");
      const result = (await played.awaits(["run#1"])).get("run#1");
      return JSON.stringify(result?.kind === "run" && [result.run.ok, result.run.error?.type]);
    },
  });
  host.connect(stage.engine);
  const runId = await stage.triggered({ tags: [parentTag] });
  assert.deepEqual((await untilFinished(stage, host, runId)).output, [false, "STRING_ERROR"]);
});

test("a wait for a time ends at it", async (t) => {
  const stage = await engineStage(t);
  const { ended } = await runParent(stage, async (parent) => {
    const atMs = Date.now() + 150;
    const answer = await parent.call({ kind: "time", wait: "time#1", atMs });
    const results = await parent.awaits(["time#1"]);
    return {
      answer: (answer as { atMs: number }).atMs === atMs,
      kind: results.get("time#1")?.kind,
      late: Date.now() - atMs,
    };
  });
  const { answer, kind, late } = ended.output;
  assert.deepEqual([answer, kind], [true, "time"]);
  assert.ok(late >= 0 && late < 1_000, `${late} ms late`);
});

test("a token made in a run is completed from outside, or times out", async (t) => {
  const stage = await engineStage(t);
  const { ended } = await runParent(stage, async (parent) => {
    const made = (await parent.call({ kind: "token", wait: "token#1", tags: ["a"] })) as {
      waitpointId: string;
      url: string;
    };
    await parent.call({ kind: "token", wait: "token#2", timeout: "1s" });
    const completed = parent.awaits(["token#1"]);
    const outcome = await stage.engine.completeToken(stage.environment.id, made.waitpointId, {
      text: "1",
      type: "application/json",
    });
    const again = await stage.engine.completeToken(stage.environment.id, made.waitpointId, {
      text: "2",
      type: "application/json",
    });
    const first = (await completed).get("token#1");
    const second = (await parent.awaits(["token#2"])).get("token#2");
    return [outcome, again, made.url.endsWith(made.waitpointId), first, second];
  });
  assert.deepEqual(ended.output, [
    "completed",
    "already_completed",
    true,
    { kind: "token", isTimeout: false, output: "1", outputType: "application/json" },
    { kind: "token", isTimeout: true },
  ]);
});

test("the first of several waits lets the run go on, and the loser is closed at its end", async (t) => {
  const stage = await engineStage(t);
  const { ended } = await runParent(stage, async (parent) => {
    await Promise.all([
      parent.call({ kind: "token", wait: "token#1" }),
      parent.call({ kind: "time", wait: "time#1", atMs: Date.now() + 30 }),
    ]);
    return [...(await parent.awaits(["token#1", "time#1"])).keys()];
  });
  assert.deepEqual(ended.output, ["time#1"]);
  assert.deepEqual(await stage.sql("select key from run_wait"), []);
});

test("several waits at once are all told in the end", async (t) => {
  const stage = await engineStage(t);
  const { ended } = await runParent(stage, async (parent) => {
    const waits = Array.from({ length: 20 }, (_, index) => `run#${index + 1}`);
    await Promise.all(waits.map((wait) => triggerAndWait(parent, wait)));
    let results: ReadonlyMap<string, unknown> = new Map();
    while (results.size < waits.length) results = await parent.awaits(waits.filter((wait) => !results.has(wait)));
    return results.size;
  });
  assert.equal(ended.output, 20);
});

test("a call that can't be meant is refused, and the run goes on", async (t) => {
  const stage = await engineStage(t);
  const { ended } = await runParent(stage, async (parent) => {
    const calls = [
      parent.call({ kind: "join", wait: "token#1", waitpointId: stage.versionId }),
      parent.call({ kind: "trigger", taskId: plainTask, options: { lockToVersion: "20200101.1" } }),
      parent.call({ kind: "token", wait: "token#2", timeout: "soon" }),
      parent.call({ kind: "batch", runCount: 1, idempotencyKey: "k", idempotencyKeyTTL: "x" }),
    ];
    const refusals = await Promise.allSettled(calls);
    return refusals.map((one) => one.status === "rejected" && [one.reason.refusal.code, one.reason.refusal.field]);
  });
  assert.deepEqual(ended.output, [
    ["not_found", "token"],
    ["unprocessable", "options.lockToVersion"],
    ["invalid_request", "timeout"],
    ["invalid_request", "idempotencyKeyTTL"],
  ]);
});

test("a run that awaits nothing but a refused trigger goes on", async (t) => {
  const stage = await engineStage(t);
  const { ended } = await runParent(stage, async (parent) => {
    const refused = triggerAndWait(parent, "run#1", { lockToVersion: "20200101.1" }).catch((error) => error);
    const results = await parent.awaits(["run#1"]);
    return [results.size, (await refused) instanceof CallRefused];
  });
  assert.deepEqual(ended.output, [0, true]);
});

test("an attempt that has lost its claim makes and opens nothing more", async (t) => {
  const stage = await engineStage(t);
  const host = stage.host();
  host.connect(stage.engine, { capacity: { ready: 1 } });
  await host.next((message) => message.type === "welcome");
  const runId = await stage.triggered();
  const [run] = await host.pushed(1);
  assert.ok(run);
  const fence = run.fence + 1;
  const requests = [
    { kind: "trigger", taskId: plainTask, options: {} },
    { kind: "trigger", taskId: plainTask, options: {}, wait: "run#1" },
    { kind: "batch", runCount: 1, wait: "batch#1" },
    { kind: "time", wait: "time#1", atMs: 0 },
    { kind: "await", waits: ["time#1"] },
  ] as const;
  for (const request of requests) {
    const { error } = await host.call({ runId, fence }, { ...request } as never);
    assert.equal(error?.code, "lost_claim", request.kind);
  }
  assert.deepEqual(await stage.sql("select id from run where id <> $1", [runId]), []);
});

test("calls that are sent again after a reconnect have no second effect", async (t) => {
  const stage = await engineStage(t);
  const host = stage.playedHost({
    processes: 4,
    async play(played) {
      if (!isParent(played)) return "1";
      const calls = [
        played.call({ kind: "trigger", taskId: plainTask, options: {} }),
        triggerAndWait(played, "run#1"),
        played.call({ kind: "batch", runCount: 1 }),
        played.call({ kind: "time", wait: "time#1", atMs: Date.now() + 3_600_000 }),
      ];
      const answers = await Promise.all(calls);
      await played.awaits(["run#1"]);
      return JSON.stringify(answers.length);
    },
  });
  host.connect(stage.engine);
  const runId = await stage.triggered({ tags: [parentTag] });
  // Whatever of the calls is committed now, its answer is lost.
  await host.until(() => host.begun.includes(runId));
  await new Promise((resolve) => setImmediate(resolve));
  host.close();
  host.connect(stage.engine);
  assert.equal((await untilFinished(stage, host, runId)).output, 4);
  const [counts] = await stage.sql(
    "select (select count(*)::int from run where parent_run_id = $1) as children, (select count(*)::int from batch) as batches",
    [runId],
  );
  assert.deepEqual(counts, { children: 2, batches: 1 });
});

test("a host that loses its connection while its run gets its slot again is told after it came back", async (t) => {
  const stage = await engineStage(t);
  const childEnds = Promise.withResolvers<void>();
  const host = stage.playedHost({
    processes: 2,
    async play(played) {
      if (!isParent(played)) return childEnds.promise.then(() => "1");
      await triggerAndWait(played, "run#1");
      return JSON.stringify((await played.awaits(["run#1"])).size);
    },
  });
  host.connect(stage.engine);
  const runId = await stage.triggered({ tags: [parentTag] });
  const stateOf = async () => (await stage.liveRun(runId))?.state;
  while ((await stateOf()) !== "waiting");
  const resumed = stage.races.hold("runs_resume_at_once", "after");
  childEnds.resolve();
  await resumed.reached;
  host.close();
  resumed.release();
  host.connect(stage.engine);
  assert.equal((await untilFinished(stage, host, runId)).output, 1);
});
