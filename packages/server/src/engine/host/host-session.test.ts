import assert from "node:assert/strict";
import { test } from "node:test";
import { plainTask } from "../../store/runs/fixtures/run-stage.ts";
import { engineStage, startServer } from "../fixtures/engine-stage.ts";

test("a server that takes a lost connection for open claims nothing for it", async (t) => {
  const stage = await engineStage(t);
  const other = await startServer(stage, (error) => assert.fail(String(error)));
  const host = stage.host();
  const stale = host.connect(stage.engine, { capacity: { ready: 4 } });
  await host.next((message) => message.type === "welcome");
  host.connect(other, { capacity: { ready: 0 } }); // the first connection has not been closed
  await host.next((message) => message.type === "welcome");
  await stage.engine.triggerMany([stage.request(), stage.request()]);
  const { claimed } = await stage.runs.claim(stage.claimRequest({ hostId: host.id, connection: 0, direct: 4 }));
  assert.deepEqual(claimed, []);
  assert.deepEqual(await stage.sql("select distinct state from live_run"), [{ state: "queued" }]);
  assert.equal(host.runs.length, 0);
  host.say({ type: "capacity", capacity: host.capacity({ ready: 2 }) });
  await host.pushed(2);
  stale.closed();
});

test("a host that comes again before its old connection has closed is served by the new one alone", async (t) => {
  const stage = await engineStage(t);
  const host = stage.host();
  const stale = host.connect(stage.engine, { capacity: { ready: 4 } });
  await host.next((message) => message.type === "welcome");
  host.connect(stage.engine, { capacity: { ready: 1 } });
  await host.next((message) => message.type === "welcome");
  await stage.engine.triggerMany([stage.request(), stage.request()]);
  await host.pushed(1);
  stale.closed();
  await host.report({});
  assert.equal(host.runs.length, 1);
});

test("a waiting run stays with a host that reconnects, and goes on there", async (t) => {
  const stage = await engineStage(t);
  const token = Promise.withResolvers<string>();
  const host = stage.playedHost({
    processes: 1,
    async play(played) {
      const made = (await played.call({ kind: "token", wait: "token#1" })) as { waitpointId: string };
      const waiting = played.awaits(["token#1"]);
      token.resolve(made.waitpointId);
      return String((await waiting).size);
    },
  });
  host.connect(stage.engine);
  const runId = await stage.triggered();
  const waitpointId = await token.promise;
  while ((await stage.liveRun(runId))?.state !== "waiting");
  host.close();
  await stage.engine.completeToken(stage.environment.id, waitpointId, { text: "1", type: "application/json" });
  assert.equal((await stage.liveRun(runId))?.state, "resuming");
  host.connect(stage.engine);
  await host.until(() => host.finished.has(runId));
  assert.deepEqual(host.begun, [runId]);
  assert.equal((await stage.reader.retrieve(stage.environment.id, runId))?.output, "1");
});

test("a waiting run whose host is lost is recovered on another, with the child that it has", async (t) => {
  const stage = await engineStage(t);
  const childEnds = Promise.withResolvers<void>();
  const settings = {
    processes: 2,
    async play(played: Parameters<Parameters<typeof stage.playedHost>[0]["play"]>[0]) {
      if (!played.run.tags.includes("parent")) return childEnds.promise.then(() => undefined);
      const answer = await played.call({ kind: "trigger", taskId: plainTask, options: {}, wait: "run#1" });
      const result = (await played.awaits(["run#1"])).get("run#1");
      const { runId, isFound } = answer as { runId: string; isFound: boolean };
      return JSON.stringify([result?.kind === "run" && result.run.runId === runId, isFound, played.run.attempt]);
    },
  };
  const first = stage.playedHost(settings);
  first.connect(stage.engine);
  const runId = await stage.triggered({ tags: ["parent"] });
  while ((await stage.liveRun(runId))?.state !== "waiting");
  first.close();
  const second = stage.playedHost(settings);
  second.connect(stage.engine); // after the rest of its lease the first is lost
  await second.until(() => second.begun.includes(runId));
  childEnds.resolve();
  await second.until(() => second.finished.has(runId));
  const { output } = (await stage.reader.retrieve(stage.environment.id, runId)) ?? {};
  assert.deepEqual(JSON.parse(output ?? "null"), [true, true, 1]);
  assert.deepEqual(await stage.sql("select count(*)::int from run"), [{ count: 2 }]);
});
