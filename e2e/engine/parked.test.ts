import assert from "node:assert/strict";
import { test } from "node:test";
import { runs, tasks, wait } from "@pawl/sdk";
import type {
  busy,
  deadly,
  longWait,
  parks,
  parksAlone,
  strayed,
  worksBeside,
} from "../projects/engine/trigger/parked.ts";
import type { echo, inspect } from "../projects/engine/trigger/plain.ts";
import { type EngineStage, ended, openEngine, outputOf, untilStatus } from "../stage/engine.ts";
import { runProcessPids } from "../stage/platform.ts";
import { until } from "../stage/until.ts";

/** A run that waits for a token, and how to let it go on. */
async function parkOne(engine: EngineStage, payload: { holdMb?: number } = {}) {
  const token = await wait.createToken({ timeout: "1h" });
  const handle = await tasks.trigger<typeof parks>("parks", { tokenId: token.id, ...payload });
  await untilStatus(handle, "WAITING");
  const { pid } = await engine.untilMark(handle, "start");
  return { handle, pid, release: () => wait.completeToken(token, "go on") };
}

const pidOf = async () => (await outputOf(await tasks.trigger<typeof inspect>("inspect", null))).pid;

test("runs that wait are parked in one process, which executes others meanwhile", async (t) => {
  const engine = await openEngine(t, { worker: { processes: 1 } });

  await t.test("a process executes one run at a time and holds many that wait", async () => {
    const parked = await Promise.all(Array.from({ length: 20 }, () => parkOne(engine)));
    assert.equal(new Set(parked.map(({ pid }) => pid)).size, 1);
    assert.equal(await pidOf(), parked[0]?.pid, "and executes another run beside them");
    for (const { release } of parked.toReversed()) await release();
    for (const { handle, pid } of parked) assert.deepEqual(await outputOf(handle), { ok: true, pid });
  });

  await t.test(
    "a run whose wait is over goes on as soon as the executing one ends, or at once after a second",
    async () => {
      const { handle, release } = await parkOne(engine);
      const gate = engine.gate("beside");
      const executing = await tasks.trigger<typeof busy>("busy", { gate });
      await engine.untilMark(executing, "start");
      const releasedAtMs = Date.now();
      await release();
      const { atMs } = await engine.untilMark(handle, "woke", 10_000);
      assert.ok(atMs - releasedAtMs >= 900 && atMs - releasedAtMs < 4_000, `${atMs - releasedAtMs} ms`);
      assert.equal((await runs.retrieve(executing)).status, "EXECUTING", "beside the other run");
      await engine.open("beside");
      await Promise.all([outputOf(handle), outputOf(executing)]);

      const soon = await parkOne(engine);
      const short = engine.gate("short");
      const other = await tasks.trigger<typeof busy>("busy", { gate: short });
      await engine.untilMark(other, "start");
      await soon.release();
      await engine.open("short");
      await Promise.all([outputOf(soon.handle), outputOf(other)]);
      const [end, woke] = await Promise.all([engine.untilMark(other, "end"), engine.untilMark(soon.handle, "woke")]);
      assert.ok(woke.atMs - end.atMs < 700, `${woke.atMs - end.atMs} ms after the end of the other run`);
    },
  );

  await t.test("a run that waits with other code of its own still at work holds no slot", async () => {
    const tokens = await Promise.all([1, 2].map(() => wait.createToken({ timeout: "1h" })));
    const gates = [engine.gate("own-1"), engine.gate("own-2")] as const;
    const first = await tasks.trigger<typeof worksBeside>("works-beside", {
      tokenId: tokens[0]?.id ?? "",
      gate: gates[0],
    });
    await untilStatus(first, "WAITING");
    const second = await tasks.trigger<typeof worksBeside>("works-beside", {
      tokenId: tokens[1]?.id ?? "",
      gate: gates[1],
    });
    await untilStatus(second, "WAITING");
    await engine.open("own-1");
    await engine.open("own-2");
    for (const token of tokens) await wait.completeToken(token, {});
    assert.deepEqual(await Promise.all([outputOf(first), outputOf(second)]), [true, true]);
  });

  await t.test("maxDuration and usage count what was executed, not what was waited", async () => {
    const handle = await tasks.trigger<typeof longWait>("long-wait", { seconds: 2.5 });
    await outputOf(handle);
    const { durationMs, status } = await runs.retrieve(handle);
    assert.equal(status, "COMPLETED");
    assert.ok(durationMs < 1_000, `${durationMs} ms`);
  });

  await t.test("cancelling one aborts its signal and calls its onCancel in place", async () => {
    const bystander = await parkOne(engine);
    const { handle, pid } = await parkOne(engine);
    await runs.cancel(handle.id);
    assert.equal((await ended(handle)).status, "CANCELED");
    const marks = await engine.marks(({ runId }) => runId === handle.id);
    assert.deepEqual(marks.map(({ name }) => name).sort(), ["aborted", "onCancel", "start"]);
    assert.ok(marks.every((mark) => mark.pid === pid));
    await bystander.release();
    assert.deepEqual(await outputOf(bystander.handle), { ok: true, pid: bystander.pid }, "the others stay");
  });

  await t.test(
    "an exception that nobody catches, or process.exit, ends its own run, and no other notices",
    async () => {
      const { handle, release } = await parkOne(engine);
      for (const [by, says] of [["exception", /of its own/] as const, ["exit", /process\.exit/] as const]) {
        const run = await ended(await tasks.trigger<typeof deadly>("deadly", { by }));
        assert.equal(run.isFailed, true);
        assert.match(run.error?.message ?? "", says);
      }
      await release();
      await outputOf(handle);
      assert.equal((await runs.retrieve(handle)).attemptCount, 1);
    },
  );
});

test("a call in the context of another run is refused, and a log falls back", async (t) => {
  const engine = await openEngine(t, { worker: { processes: 1 } });
  const first = await outputOf(await tasks.trigger<typeof strayed>("strayed", null));
  const handle = await tasks.trigger<typeof strayed>("strayed", null);
  const second = await outputOf(handle);
  assert.equal(second.pid, first.pid);
  const messages = second.outcome.split("\n");
  assert.equal(messages.length, 3);
  for (const message of messages) assert.match(message, /a run that has ended.*connection pool's socket.*data loader/s);
  await until("the line is there", async () => {
    const { body } = await engine.api.call("GET", `/api/v1/runs/${handle.id}/events`);
    return JSON.stringify(body).includes(`A line of ${handle.id}`);
  });
});

test("runs are not parked where something could be shared that must not be", async (t) => {
  const engine = await openEngine(t, { worker: { processes: 3 } });

  await t.test("a task with onWait or onResume has its process to itself while it waits", async () => {
    const token = await wait.createToken({ timeout: "1h" });
    const handle = await tasks.trigger<typeof parksAlone>("parks-alone", { tokenId: token.id });
    await untilStatus(handle, "WAITING");
    const { pid } = await engine.untilMark(handle, "start");
    for (let count = 0; count < 3; count++) assert.notEqual(await pidOf(), pid);
    await wait.completeToken(token, {});
    assert.equal(await outputOf(handle), pid);
  });

  await t.test(
    "the death of a process charges the run that executed; those that were parked are recovered",
    async () => {
      const parked = await parkOne(engine);
      const killer = await untilIn(engine, parked.pid, () => tasks.trigger<typeof deadly>("deadly", { by: "signal" }));
      const dead = await ended(killer);
      assert.equal(dead.status, "CRASHED");
      assert.equal(dead.attemptCount, 1);
      await until("it waits again", async () => {
        const starts = await engine.marks(({ runId, name }) => runId === parked.handle.id && name === "start");
        return starts.length === 2 && (await runs.retrieve(parked.handle)).isWaiting;
      });
      await parked.release();
      const run = await ended(parked.handle);
      assert.equal(run.status, "COMPLETED");
      assert.equal(run.attemptCount, 1, "it has used none");

      const next = await parkOne(engine);
      const again = await tasks.trigger<typeof deadly>("deadly", { by: "signal" });
      await ended(again);
      assert.notEqual((await engine.untilMark(again, "start")).pid, next.pid, "that task is not shared any more");
      await next.release();
      await outputOf(next.handle);
      const starts = await engine.marks(({ runId, name }) => runId === next.handle.id && name === "start");
      assert.equal(starts.length, 1);
    },
  );
});

test("a hook for every task keeps every run that waits in a process of its own", async (t) => {
  const engine = await openEngine(t, { worker: { processes: 3, env: { PAWL_E2E_GLOBAL_HOOK: "onWait" } } });
  const first = await parkOne(engine);
  const second = await parkOne(engine);
  assert.notEqual(first.pid, second.pid);
  for (let count = 0; count < 4; count++) assert.ok(![first.pid, second.pid].includes(await pidOf()));
  for (const { handle, pid, release } of [first, second]) {
    await release();
    assert.deepEqual(await outputOf(handle), { ok: true, pid });
  }
});

test("nobody is charged for memory that parked runs share", async (t) => {
  const engine = await openEngine(t, {
    worker: { processes: 1, env: { NODE_OPTIONS: "--max-old-space-size=160" } },
  });
  const parked = await parkOne(engine);
  const handle = await tasks.trigger<typeof deadly>("deadly", { by: "memory" });
  const run = await ended(handle, 60_000);
  assert.equal(run.status, "CRASHED");
  assert.equal(run.error?.name, "TASK_PROCESS_OOM_KILLED");
  assert.equal(run.attemptCount, 1);
  const starts = await engine.marks(({ runId, name }) => runId === handle.id && name === "start");
  assert.deepEqual(
    starts.map(({ attempt }) => attempt),
    [1, 1],
    "tried again alone, as the same attempt",
  );
  await until("the other waits again", async () => (await runs.retrieve(parked.handle)).isWaiting);
  await parked.release();
  assert.equal((await ended(parked.handle)).attemptCount, 1);
});

test("a process parks none once its heap passes half its limit", async (t) => {
  const engine = await openEngine(t, {
    worker: { processes: 2, env: { NODE_OPTIONS: "--max-old-space-size=256 --max-semi-space-size=1" } },
  });
  const heavy = await parkOne(engine, { holdMb: 190 });
  const light = await parkOne(engine);
  assert.notEqual(light.pid, heavy.pid, "the full process takes no other run");
  await heavy.release();
  await light.release();
  await Promise.all([outputOf(heavy.handle), outputOf(light.handle)]);
});

test("a process parks at most 500, and the next one takes the rest", async (t) => {
  const engine = await openEngine(t, { worker: { processes: 1 } });
  const token = await wait.createToken({ timeout: "1h" });
  const items = Array.from({ length: 520 }, () => ({ payload: { tokenId: token.id } }));
  await tasks.batchTrigger<typeof parks>("parks", items);
  const parkedPids = async () => {
    const starts = await engine.marks(({ taskId, name }) => taskId === "parks" && name === "start");
    return starts.map(({ pid }) => pid);
  };
  await until("500 are parked", async () => (await parkedPids()).length >= 500, { timeoutMs: 60_000 });
  assert.equal(await outputOf(await tasks.trigger<typeof echo>("echo", "meanwhile")), "meanwhile");
  await until("all are parked", async () => (await parkedPids()).length === 520);
  const counts = new Map<number, number>();
  for (const pid of await parkedPids()) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  for (const [pid, count] of counts)
    assert.ok(count <= 501, `process ${pid} holds ${count}, the executing one included`);
  assert.ok(counts.size > 1);
  await wait.completeToken(token, {});
  await until("all have woken", async () => {
    return (await engine.marks(({ taskId, name }) => taskId === "parks" && name === "woke")).length === 520;
  });
});

test("processKeepAlive: false gives each run a process of its own, for its whole life", async (t) => {
  const engine = await openEngine(t, { worker: { processes: 2, env: { PAWL_E2E_KEEP_ALIVE: "false" } } });
  const { handle, pid, release } = await parkOne(engine);
  const pids = [await pidOf(), await pidOf(), await pidOf()];
  assert.equal(new Set([pid, ...pids]).size, 4);
  const more = await Promise.all([parkOne(engine), parkOne(engine), parkOne(engine)]);
  assert.equal(typeof (await pidOf()), "number", "processes that wait do not keep others from executing");
  await release();
  for (const other of more) await other.release();
  assert.deepEqual(await outputOf(handle), { ok: true, pid });
  await Promise.all(more.map((other) => outputOf(other.handle)));
  await until("each is gone with its run", async () => !(await runProcessPids(engine.stage)).includes(pid));
});
/** Triggers a run until one executes in the process that is wanted: any free process may take it. */
async function untilIn<T extends { readonly id: string }>(
  engine: EngineStage,
  pid: number,
  trigger: () => Promise<T>,
): Promise<T> {
  for (let round = 0; round < 10; round++) {
    const handle = await trigger();
    if ((await engine.untilMark(handle, "start")).pid === pid) return handle;
    await ended(handle);
  }
  throw new Error(`No run came to process ${pid}.`);
}
