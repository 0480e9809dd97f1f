import assert from "node:assert/strict";
import { test } from "node:test";
import { batch, queues, runs, tasks, wait } from "@pawl/sdk";
import type { diverging, failsAfterWait, parallelSurvivor, survivor } from "../projects/engine/trigger/recovery.ts";
import type { sleeper, waitsForToken } from "../projects/engine/trigger/waits.ts";
import { type EngineStage, ended, type Mark, openEngine, outputOf, untilStatus } from "../stage/engine.ts";
import { killServer, postgresPid } from "../stage/platform.ts";
import { signal } from "../stage/processes.ts";
import { until } from "../stage/until.ts";

const heldBack = { type: "custom", name: "held-back" } as const;

/** Kills the worker with all that it holds, and starts another one. */
async function loseHost(engine: EngineStage, worker = engine.worker) {
  assert.ok(worker !== null);
  worker.signal("SIGKILL");
  await worker.ended;
  return engine.startWorker();
}

/** Waits until a run's code has come to a place again, after a loss. */
function untilAgain(engine: EngineStage, run: { readonly id: string }, name: string, times: number) {
  return until(
    `${run.id} comes to ${name} ${times} times`,
    async () => {
      const marks = await engine.marks((mark) => mark.runId === run.id && mark.name === name);
      return marks.length >= times ? marks : null;
    },
    { timeoutMs: 40_000 },
  );
}

const notes = (marks: readonly Mark[]) => new Set(marks.map(({ note }) => JSON.stringify(note)));

test("a run whose host is lost again and again finds its waits where they were", async (t) => {
  const engine = await openEngine(t);
  await outputOf(await tasks.trigger("held-back", { number: 0 }));
  await queues.pause(heldBack);
  const handle = await tasks.trigger<typeof survivor>("survivor", { seconds: 12 });
  await untilStatus(handle, "WAITING");
  const first = await loseHost(engine);
  await untilAgain(engine, handle, "start", 2);
  await queues.resume(heldBack);
  await engine.untilMark(handle, "batch", 60_000);
  await untilStatus(handle, "WAITING");
  const waitsSince = Date.now();
  const second = await loseHost(engine, first);
  await engine.untilMark(handle, "time", 60_000);
  const [{ atMs: timeAtMs } = { atMs: 0 }] = await engine.marks(
    ({ runId, name }) => runId === handle.id && name === "time",
  );
  assert.ok(timeAtMs - waitsSince < 16_000, `the wait of 12 s was over after ${timeAtMs - waitsSince} ms`);
  const { note: tokenId } = await engine.untilMark(handle, "token");
  await untilStatus(handle, "WAITING");
  await loseHost(engine, second);
  await untilAgain(engine, handle, "token", 2);
  await untilStatus(handle, "WAITING", 40_000);
  await wait.completeToken(String(tokenId), {});
  assert.deepEqual(await outputOf(handle), { ok: true, attempt: 1 });
  assert.equal((await runs.retrieve(handle)).attemptCount, 1, "a run that waits uses no attempt");

  const marks = await engine.marks();
  const children = marks.filter(({ taskId, name }) => taskId === "held-back" && name === "start");
  assert.deepEqual(children.map(({ note }) => note).sort(), [0, 1, 2, 3], "there is no second child");
  for (const name of ["child", "batch", "token"]) {
    const seen = notes(marks.filter((mark) => mark.runId === handle.id && mark.name === name));
    assert.equal(seen.size, 1, `each attempt has the same ${name}: ${[...seen]}`);
  }
});

test("waits in parallel are found again, each its own", async (t) => {
  const engine = await openEngine(t);
  await outputOf(await tasks.trigger("held-back", { number: 0 }));
  await queues.pause(heldBack);
  const many = await Promise.all(
    Array.from({ length: 10 }, () => tasks.trigger<typeof parallelSurvivor>("parallel-survivor", { seconds: 6 })),
  );
  const tokenWaits = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const token = await wait.createToken({ timeout: "1h" });
      return { token, handle: await tasks.trigger<typeof waitsForToken>("waits-for-token", { id: token.id }) };
    }),
  );
  for (const handle of [...many, ...tokenWaits.map((each) => each.handle)]) await untilStatus(handle, "WAITING");
  const worker = await loseHost(engine);
  for (const { token } of tokenWaits) await wait.completeToken(token, { answer: "while it was away" });
  for (const { handle } of tokenWaits) {
    assert.deepEqual(await outputOf(handle, 40_000), { ok: true, output: { answer: "while it was away" } });
  }
  for (const handle of many) await untilAgain(engine, handle, "start", 2);
  await queues.resume(heldBack);
  for (const handle of many) {
    const tokens = await engine.marks(({ runId, name }) => runId === handle.id && name === "token");
    assert.equal(notes(tokens).size, 1);
    await wait.completeToken(String(tokens[0]?.note), {});
  }
  const outputs = await Promise.all(many.map((handle) => outputOf(handle, 40_000)));
  const ids = outputs.flatMap(({ ids }) => ids);
  assert.equal(new Set(ids).size, 30);
  assert.ok(outputs.every(({ attempt }) => attempt === 1));
  const starts = await engine.marks(({ taskId, name }) => taskId === "held-back" && name === "start");
  assert.equal(starts.length, 31, "no child has a double");
  assert.equal(worker.ending, null);
});

test("an ordinary retry makes its waits anew", async (t) => {
  const engine = await openEngine(t);
  const handle = await tasks.trigger<typeof failsAfterWait>("fails-after-wait", null);
  await outputOf(handle);
  const children = await engine.marks(({ runId, name }) => runId === handle.id && name === "child");
  assert.equal(notes(children).size, 2);
});

test("what does not match is made anew", async (t) => {
  const engine = await openEngine(t);
  const gate = engine.gate("diverged");
  const flag = engine.gate("second-time");
  const handle = await tasks.trigger<typeof diverging>("diverging", { gate, flag });
  await until("it waits for its second child", async () => {
    return (await engine.marks(({ taskId, name }) => taskId === "gated" && name === "start")).length === 1;
  });
  await untilStatus(handle, "WAITING");
  await engine.open("second-time");
  await loseHost(engine);
  assert.equal(await outputOf(handle, 60_000), 22);
  await engine.open("diverged");
  await until(
    "nothing is left",
    async () => {
      const rows = await engine.database.query({
        name: "e2e_live",
        text: "select 1 from live_run limit 1",
        values: [],
      });
      return rows.length === 0;
    },
    { timeoutMs: 40_000 },
  );
});

test("waits outlast the server and Postgres", async (t) => {
  const engine = await openEngine(t);
  const token = await wait.createToken({ timeout: "1h" });
  const waiting = await tasks.trigger<typeof waitsForToken>("waits-for-token", { id: token.id });
  const sleeping = await Promise.all([3, 4, 8].map((seconds) => tasks.trigger<typeof sleeper>("sleeper", { seconds })));
  for (const handle of [waiting, ...sleeping]) await untilStatus(handle, "WAITING");
  const restart = await killServer(engine.stage, engine.server);
  const { dataDir } = await restart();
  const pid = await until("Postgres has a pid", () => postgresPid(dataDir));
  for (const handle of sleeping.slice(0, 2)) await outputOf(handle);
  signal(pid, "SIGKILL");
  await until("the token is completed", () => wait.completeToken(token, { answer: 1 }).catch(() => null));
  assert.deepEqual(await outputOf(waiting), { ok: true, output: { answer: 1 } });
  for (const handle of sleeping) {
    const run = await ended(handle);
    assert.deepEqual([run.status, run.attemptCount], ["COMPLETED", 1]);
    const woke = await engine.marks(({ runId, name }) => runId === handle.id && name === "woke");
    assert.equal(woke.length, 1);
  }
  const { batchId } = await tasks.batchTrigger("echo", [{ payload: 1 }]);
  await until("and so goes a batch", async () => (await batch.retrieve(batchId)).status === "COMPLETED");
});
