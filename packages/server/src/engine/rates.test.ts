import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { plainTask, type RunStage, runStage } from "../store/runs/fixtures/run-stage.ts";
import type { Engine } from "./engine.ts";
import { startServer } from "./fixtures/engine-stage.ts";
import { PlayedHost } from "./fixtures/played-host.ts";

const queueName = `task/${plainTask}`;

/** The plain queue starts so many runs a second, with a burst. */
async function setRate(stage: RunStage, limit: number, burst: number): Promise<void> {
  await stage.sql(
    "update queue set rate_limit = $2, rate_period_ms = 1000, rate_burst = $3, concurrency_limit = 50 where name = $1",
    [queueName, limit, burst],
  );
}

function connect(stage: RunStage, engine: Engine, play: () => Promise<undefined>): PlayedHost {
  const host = new PlayedHost({
    environment: stage.environment,
    versions: [stage.versionId],
    processes: 4,
    ahead: 4,
    play,
  });
  stage.onEnd(() => host.close());
  host.connect(engine);
  return host;
}

async function untilEnded(hosts: readonly PlayedHost[], count: number): Promise<void> {
  while (hosts.reduce((sum, host) => sum + host.finished.size, 0) < count) await delay(10);
}

test("two servers hold a rate together, by timers of their own", { timeout: 30_000 }, async (t) => {
  const stage = await runStage(t, { poolSize: 12 });
  const errors: unknown[] = [];
  const engines = [await startServer(stage, (e) => errors.push(e)), await startServer(stage, (e) => errors.push(e))];
  await setRate(stage, 100, 4);
  const hosts = engines.map((engine) => connect(stage, engine, async () => undefined));
  const requests = Array.from({ length: 100 }, () => stage.newRun());
  await Promise.all(
    engines.map((engine, n) => engine.triggerMany(requests.filter((_, index) => index % engines.length === n))),
  );
  await untilEnded(hosts, 100);
  const rows = await stage.sql(
    "select extract(epoch from started_at)::float8 * 1000 as at from run order by started_at",
  );
  const starts = rows.map((row) => Number(row.at));
  assert.equal(starts.length, 100);
  for (const [index, from] of starts.entries()) {
    for (const [more, to] of starts.slice(index).entries()) {
      assert.ok(more + 1 <= 4 + (to - from) / 10 + 0.01, `${more + 1} starts in ${to - from} ms`);
    }
  }
  assert.ok(
    hosts.every((host) => host.finished.size > 0),
    "both took part",
  );
  assert.deepEqual(errors, []);
});

test("a server with room goes on where the one that knows of the rate has none", { timeout: 30_000 }, async (t) => {
  const stage = await runStage(t, { poolSize: 12 });
  const errors: unknown[] = [];
  const engines = [await startServer(stage, (e) => errors.push(e)), await startServer(stage, (e) => errors.push(e))];
  const [busyServer, otherServer] = engines;
  if (busyServer === undefined || otherServer === undefined) return assert.fail("no servers");
  await setRate(stage, 5, 4);
  let letGo: () => void = () => undefined;
  const held = new Promise<undefined>((resolve) => {
    letGo = () => resolve(undefined);
  });
  const busy = connect(stage, busyServer, () => held);
  await busyServer.triggerMany(Array.from({ length: 4 }, () => stage.newRun()));
  const other = connect(stage, otherServer, async () => undefined);
  await busyServer.triggerMany(Array.from({ length: 4 }, () => stage.newRun()));
  await untilEnded([other], 4);
  letGo();
  await untilEnded([busy, other], 8);
  assert.deepEqual(errors, []);
});

test("a rate that is lifted at run time lets go of what it kept, at once", { timeout: 30_000 }, async (t) => {
  const stage = await runStage(t, { poolSize: 12 });
  const engine = await startServer(stage, assert.ifError);
  await stage.sql("update queue set rate_limit = 1, rate_period_ms = 3600000, rate_burst = 1 where name = $1", [
    queueName,
  ]);
  const host = connect(stage, engine, async () => undefined);
  await engine.triggerMany(Array.from({ length: 5 }, () => stage.newRun()));
  await untilEnded([host], 1);
  assert.equal(await engine.overrideQueueRates(stage.environment.id, queueName, { rateLimit: null }), true);
  await untilEnded([host], 5);
});
