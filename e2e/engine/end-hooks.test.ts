import assert from "node:assert/strict";
import { test } from "node:test";
import { queues, runs, tasks } from "@pawl/sdk";
import type { mourned } from "../projects/engine/trigger/end-hooks.ts";
import { type EngineStage, ended, openEngine, untilStatus } from "../stage/engine.ts";
import { killServer } from "../stage/platform.ts";
import { until } from "../stage/until.ts";

const mourn = (payload: Parameters<typeof mourned.trigger>[0], options?: Parameters<typeof mourned.trigger>[1]) =>
  tasks.trigger<typeof mourned>("mourned", payload, options);

interface Explanation {
  readonly reason: string | null;
}

async function read<T>({ server }: EngineStage, path: string): Promise<T> {
  const headers = { authorization: `Bearer ${server.secretKey}` };
  const response = await fetch(`${server.apiUrl}/api/v1/runs/${path}`, { headers });
  return (await response.json()) as T; // as the route answers
}

const explain = (engine: EngineStage, runId: string) => read<Explanation>(engine, `${runId}/explain`);

/** The names of a run's marks, but for those of its middleware. */
async function namesOf(engine: EngineStage, { id }: { readonly id: string }): Promise<readonly string[]> {
  const marks = await engine.marks((mark) => mark.runId === id && !["before", "after"].includes(mark.name));
  return marks.map(({ name }) => name);
}

test("the hooks of a run whose process died, or saw nothing of its end, are called in another process", async (t) => {
  const engine = await openEngine(t);
  const endings = [
    ["exit", "CRASHED", /TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE: .*code 3/],
    ["overtime", "TIMED_OUT", /MAX_DURATION_EXCEEDED: .*1 s/],
    ["uncaught", "FAILED", /TASK_RUN_UNCAUGHT_EXCEPTION: .*escaped/],
  ] as const;
  for (const [by, status, message] of endings) {
    await t.test(by, async () => {
      const handle = await mourn({ by }, { tags: [`by-${by}`] });
      assert.equal((await ended(handle)).status, status);
      await engine.untilMark(handle, "onComplete");
      const marks = await engine.marks((mark) => mark.runId === handle.id);
      assert.deepEqual(await namesOf(engine, handle), ["start", "onFailure", "onComplete"], "each once");
      const note = marks.find(({ name }) => name === "onFailure")?.note as Record<string, unknown>; // as it was marked
      assert.match(String(note.message), message);
      assert.deepEqual([note.payload, note.tags], [{ by }, [`by-${by}`]]);
      const pids = new Set(marks.filter(({ name }) => name !== "start" && name !== "before").map(({ pid }) => pid));
      assert.equal(pids.size, 1);
      if (by === "exit") assert.ok(!pids.has(marks[0]?.pid ?? 0), "not where the run was");
      assert.equal((await runs.retrieve(handle.id)).status, status, "the outcome stays");
    });
  }
  await t.test("a run that fails in its process has them there, and no more", async () => {
    const handle = await mourn({ by: "throw" });
    assert.equal((await ended(handle)).status, "FAILED");
    assert.deepEqual(await namesOf(engine, handle), ["start", "onFailure", "onComplete"]);
    assert.deepEqual(await explain(engine, handle.id), { reason: null, conditions: [] });
  });
  await t.test("no list shows the runs that call them", async () => {
    const listed = [];
    for await (const run of runs.list({ taskIdentifier: "mourned" })) listed.push(run.id);
    assert.equal(listed.length, endings.length + 1);
  });
});

test("what is cancelled before it executes, and what expires, has its hooks called when its queue has a slot", async (t) => {
  const engine = await openEngine(t);
  await queues.pause({ type: "custom", name: "mourned" });
  const [queued, quiet, asked] = [await mourn({}), await mourn({}), await mourn({})];
  const delayed = await mourn({}, { delay: "1h" });
  const late = await mourn({}, { ttl: 1 });
  for (const handle of [queued, delayed]) await runs.cancel(handle.id);
  const bulk = [
    await runs.bulk.cancel({ runIds: [quiet.id] }),
    await runs.bulk.cancel({ runIds: [asked.id], runHooks: true }),
  ];
  for (const action of bulk) assert.equal((await runs.bulk.poll(action)).counts.success, 1);
  assert.equal((await ended(late)).status, "EXPIRED");
  const waiting = await until("its hook waits for the queue", async () => {
    const { reason } = await explain(engine, queued.id);
    return reason?.includes("paused") === true ? reason : null;
  });
  assert.match(waiting, /has finished, and its onCancel hook is called by a process of its own\./);
  assert.deepEqual(await engine.marks(), []);
  await queues.resume({ type: "custom", name: "mourned" });
  for (const handle of [queued, delayed, asked]) {
    const { note } = await engine.untilMark(handle, "onCancel");
    assert.deepEqual(note, { outcome: "RunCancelledError" });
  }
  const { note } = await engine.untilMark(late, "onFailure");
  assert.match(JSON.stringify(note), /expired/);
  await engine.untilMark(late, "onComplete");
  assert.deepEqual(await namesOf(engine, quiet), []);
  assert.deepEqual(await namesOf(engine, late), ["onFailure", "onComplete"], "its code never executed");
  for (const handle of [queued, delayed, asked]) assert.equal((await runs.retrieve(handle.id)).status, "CANCELED");
});

test("a hook survives its host and the server; what goes wrong in it is logged, and changes nothing", async (t) => {
  const engine = await openEngine(t);
  const { stage, server } = engine;
  const lost = await mourn({ gate: engine.gate("lost") });
  await engine.untilMark(lost, "start");
  engine.worker?.signal("SIGKILL"); // ends the run as a system failure: it has one attempt
  const second = await engine.startWorker();
  assert.equal((await ended(lost)).status, "SYSTEM_FAILURE");
  await engine.untilMark(lost, "onFailure");
  second.signal("SIGKILL");
  await engine.startWorker();
  await until("its hook is called again", async () => {
    const calls = await engine.marks(({ runId, name }) => runId === lost.id && name === "onFailure");
    return calls.length === 2 ? calls : null;
  });
  await engine.open("lost");
  await engine.untilMark(lost, "onComplete");

  const broken = await mourn({ by: "exit", hook: "throw", gate: engine.gate("broken") });
  await engine.untilMark(broken, "onFailure");
  const restart = await killServer(stage, server);
  await restart();
  await engine.open("broken");
  const reason = await until("it is known what went wrong", async () => {
    const explanation = await explain(engine, broken.id).catch(() => null);
    return explanation?.reason?.includes("went wrong") === true ? explanation.reason : null;
  });
  assert.match(reason, /Its onFailure hook was called and went wrong: the hook is broken/);
  const logs = await until("its logs are stored", async () => {
    const { events } = await read<{ events: { message: string }[] }>(engine, `${broken.id}/events`);
    const messages = events.map(({ message }) => message);
    return messages.some((message) => message.includes("the hook is broken")) ? messages : null;
  });
  assert.ok(logs.includes("mourning"), "it logs as its run");
  assert.equal((await runs.retrieve(broken.id)).status, "CRASHED");

  const deadly = await mourn({ by: "exit", hook: "exit" });
  await untilStatus(deadly, "CRASHED");
  const calls = await until("it is called three times", async () => {
    const marks = await engine.marks(({ runId, name }) => runId === deadly.id && name === "onFailure");
    return marks.length === 3 ? marks : null;
  });
  assert.equal(calls.length, 3);
  await until("it is given up", async () => (await explain(engine, deadly.id)).reason?.includes("went wrong") === true);
});
