import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { newUuid } from "@pawl/contract/ids";
import { limitedTask, plainTask, type RunStage, runStage } from "../store/runs/fixtures/run-stage.ts";
import type { Engine } from "./engine.ts";
import { startServer } from "./fixtures/engine-stage.ts";
import { PlayedHost, type PlayedHostSettings, type Stamp } from "./fixtures/played-host.ts";

interface Servers extends RunStage {
  readonly engines: readonly [Engine, Engine];
  readonly errors: unknown[];
  host(server: 0 | 1, settings: Pick<PlayedHostSettings, "processes" | "ahead" | "play">): PlayedHost;
}

/** Two servers over one database, which hear each other. */
async function twoServers(t: TestContext): Promise<Servers> {
  const stage = await runStage(t, { poolSize: 12 });
  const errors: unknown[] = [];
  const start = () => startServer(stage, (error) => errors.push(error));
  const engines = [await start(), await start()] as const;
  // A server that has only started to listen looks into the store; later it relies on what it is told.
  for (const [teller, hearer] of [
    [0, 1],
    [1, 0],
  ] as const)
    await untilHeard(stage, engines[teller], engines[hearer]);
  return {
    ...stage,
    engines,
    errors,
    host(server, settings) {
      const host = new PlayedHost({ environment: stage.environment, versions: [stage.versionId], ...settings });
      stage.onEnd(() => host.close());
      host.connect(engines[server]);
      return host;
    },
  };
}

/** A run triggered on one server is executed by a host of the other without anybody looking. */
async function untilHeard(stage: RunStage, teller: Engine, hearer: Engine): Promise<void> {
  const host = new PlayedHost({
    environment: stage.environment,
    versions: [stage.versionId],
    processes: 1,
    play: async () => undefined,
  });
  host.connect(hearer);
  let triggered = 0;
  while (host.finished.size === 0) {
    await teller.trigger({
      environmentId: stage.environment.id,
      taskId: plainTask,
      payload: null,
      payloadType: "application/json",
    });
    triggered++;
    await delay(20);
  }
  await host.until(() => host.finished.size === triggered);
  host.close();
}

test("a run is cancelled through another server than its host's", async (t) => {
  const { engines, environment, reader, host: hostOf, newRun } = await twoServers(t);
  const host = hostOf(0, {
    processes: 1,
    play: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
  });
  const { id: runId } = newRun();
  await engines[1].trigger({ ...newRun(), id: runId });
  await host.until(() => host.begun.includes(runId));
  assert.equal(await engines[1].cancel(environment.id, runId), "cancelled");
  await host.until(() => host.finished.has(runId));
  assert.equal((await reader.retrieve(environment.id, runId))?.outcome, "canceled");
});

test("a token completed through another server lets a run go on", async (t) => {
  const { engines, environment, host: hostOf, newRun } = await twoServers(t);
  const token = Promise.withResolvers<string>();
  const host = hostOf(0, {
    processes: 1,
    async play(played) {
      const made = (await played.call({ kind: "token", wait: "token#1" })) as { waitpointId: string };
      const waiting = played.awaits(["token#1"]);
      token.resolve(made.waitpointId);
      await waiting;
      return undefined;
    },
  });
  const id = newUuid();
  await engines[1].trigger(newRun({ id }));
  const startedAt = performance.now();
  await engines[1].completeToken(environment.id, await token.promise, { text: null, type: "application/json" });
  await host.until(() => host.finished.has(id));
  assert.ok(performance.now() - startedAt < 2_000);
});

test("a child that ends on another server's host lets its parent go on", async (t) => {
  const { engines, host: hostOf, newRun } = await twoServers(t);
  const childHost = Promise.withResolvers<PlayedHost>();
  const parentHost = hostOf(0, {
    processes: 1,
    async play(played) {
      await played.call({ kind: "trigger", taskId: limitedTask, options: { delay: "1s" }, wait: "run#1" });
      const waiting = played.awaits(["run#1"]);
      await childHost.promise;
      await waiting;
      return undefined;
    },
  });
  const parent = newUuid();
  await engines[1].trigger(newRun({ id: parent }));
  await parentHost.until(() => parentHost.begun.includes(parent));
  await engines[0].trigger(newRun()); // takes the only process there
  const other = hostOf(1, { processes: 1, play: async () => undefined });
  childHost.resolve(other);
  await parentHost.until(() => parentHost.finished.has(parent));
});

test("a queue paused through another server has its runs taken back that were claimed ahead", async (t) => {
  const { engines, environment, host: hostOf, newRun, liveRun } = await twoServers(t);
  const hold = Promise.withResolvers<void>();
  const host = hostOf(0, { processes: 1, ahead: 1, play: () => hold.promise.then(() => undefined) });
  const [first, second] = [newUuid(), newUuid()];
  await engines[1].trigger(newRun({ id: first }));
  await host.until(() => host.begun.includes(first));
  await engines[1].trigger(newRun({ id: second }));
  while ((await liveRun(second))?.state !== "claimed");
  await engines[1].setQueuePaused(environment.id, `task/${plainTask}`, true);
  while ((await liveRun(second))?.state !== "queued");
  hold.resolve();
  await host.until(() => host.finished.has(first));
  assert.equal((await liveRun(second))?.state, "queued");
});

/** What may execute at a moment: changes, each with the times between which it took hold. */
interface Rule {
  readonly limit: number;
  readonly fromMs: number;
  untilMs: number;
}

/** A claim may have been committed so long before its run's code began, in milliseconds. */
const deliveryMs = 400;

/** Finds starts that made more runs execute than any rule allowed that was in force when they may have been claimed. */
function broken(stamps: readonly Stamp[], rules: readonly Rule[]): readonly string[] {
  const found: string[] = [];
  let executing = 0;
  for (const stamp of [...stamps].sort((a, b) => a.atMs - b.atMs || (a.kind === "end" ? -1 : 1))) {
    executing += stamp.kind === "start" ? 1 : -1;
    if (stamp.kind === "end") continue;
    const inForce = rules.filter((rule) => rule.fromMs <= stamp.atMs && rule.untilMs >= stamp.atMs - deliveryMs);
    const most = Math.max(...inForce.map((rule) => rule.limit));
    if (executing > most) found.push(`${executing} executed at ${stamp.atMs}, ${most} were allowed`);
  }
  return found;
}

test("two servers never execute more than a limit, while it changes and its queue pauses, and lose no slot", async (t) => {
  const { engines, environment, host: hostOf, newRun, errors } = await twoServers(t);
  const queue = `task/${limitedTask}`;
  const play: PlayedHostSettings["play"] = async ({ run }) => {
    await delay(2 + (Number.parseInt(run.runId.slice(-2), 16) % 8));
    return undefined;
  };
  const hosts = [hostOf(0, { processes: 6, ahead: 4, play }), hostOf(1, { processes: 6, ahead: 4, play })];
  const begin = performance.now();
  const rules: Rule[] = [{ limit: 2, fromMs: begin, untilMs: Number.POSITIVE_INFINITY }];
  /** A change holds for certain when it has been answered, and perhaps from when it was asked for. */
  const change = async (limit: number, apply: () => Promise<unknown>) => {
    const fromMs = performance.now();
    await apply();
    const last = rules.at(-1);
    if (last !== undefined) last.untilMs = performance.now();
    rules.push({ limit, fromMs, untilMs: Number.POSITIVE_INFINITY });
  };
  const count = 400;
  const triggering = (async () => {
    for (let made = 0; made < count; made += 20) {
      const engine = engines[(made / 20) % 2] ?? engines[0];
      await engine.triggerMany(Array.from({ length: 20 }, () => newRun({ taskId: limitedTask })));
      await delay(5);
    }
  })();
  for (const [index, limit] of [4, 1, 6, 3].entries()) {
    const engine = engines[index % 2] ?? engines[0];
    await delay(300);
    await change(limit, () => engine.overrideQueueLimit(environment.id, queue, limit));
    await delay(200);
    await change(0, () => engine.setQueuePaused(environment.id, queue, true));
    await delay(100);
    await change(limit, () => engine.setQueuePaused(environment.id, queue, false));
  }
  await triggering;
  while (hosts.reduce((sum, host) => sum + host.finished.size, 0) < count) await delay(20);
  const stamps = hosts.flatMap((host) => host.stamps).filter((stamp) => stamp.run.queueName === queue);
  assert.deepEqual(broken(stamps, rules), []);
  const starts = stamps.filter((stamp) => stamp.kind === "start");
  assert.equal(new Set(starts.map((stamp) => stamp.run.runId)).size, count);
  assert.equal(starts.length, count);
  assert.deepEqual(errors, []);
});
