import assert from "node:assert/strict";
import { test } from "node:test";
import { type RetrievedSchedule, runs, schedules } from "@pawl/sdk";
import { ended, openEngine } from "../stage/engine.ts";
import { killServer } from "../stage/platform.ts";
import { until } from "../stage/until.ts";

/** A run of a fire: the time that it is for, and when it was made. */
interface Fire {
  readonly id: string;
  readonly at: number;
  readonly madeAt: number;
}

/** What a schedule of the task has made so far, by the times of the fires; null while a server is away. */
async function firesOf({ id }: RetrievedSchedule): Promise<readonly Fire[] | null> {
  const fires: Fire[] = [];
  try {
    for await (const run of runs.list({ schedule: id, limit: 100 })) {
      const { payload, createdAt } = await runs.retrieve(run.id);
      const { timestamp } = payload as { timestamp: string }; // of a task of schedules
      fires.push({ id: run.id, at: Date.parse(timestamp), madeAt: createdAt.getTime() });
    }
  } catch {
    return null;
  }
  return fires.sort((a, b) => a.at - b.at);
}

/** Waits until a schedule has fired for a time. */
function untilFiredFor(schedule: RetrievedSchedule, atMs: number): Promise<readonly Fire[]> {
  return until(`a fire for ${new Date(atMs).toISOString()}`, async () => {
    const fires = await firesOf(schedule);
    return fires?.some(({ at }) => at >= atMs) ? fires : null;
  });
}

/** Each second from the first to the last has one run, and every run ends well. */
async function assertComplete(fires: readonly Fire[]): Promise<void> {
  const [first] = fires;
  assert.deepEqual(
    fires.map(({ at }) => at),
    fires.map((_, second) => (first?.at ?? 0) + second * 1_000),
  );
  for (const { id } of fires) assert.equal((await ended({ id })).status, "COMPLETED");
}

const rule = { task: "scheduled", cron: "* * * * * *", catchUp: "all" } as const;

test("what was missed while no worker was connected is made up for, in order", async (t) => {
  const engine = await openEngine(t);
  const schedule = await schedules.create({ ...rule, deduplicationKey: "worker" });
  await untilFiredFor(schedule, 0);
  engine.worker?.signal("SIGTERM");
  await until("the schedule is set aside, since nothing can fire it", async () => {
    const text = "select from schedule where is_active and due_at is null";
    return (await engine.database.query({ name: "e2e_set_aside", text, values: [] })).length > 0;
  });
  const missedAtMs = Date.now();
  await engine.startWorker();
  const fires = await untilFiredFor(schedule, Date.now());
  await schedules.del(schedule.id);
  await assertComplete(fires);
  assert.ok(fires.some(({ at, madeAt }) => at < missedAtMs && madeAt > missedAtMs));
});

test("a server that is killed costs no fire, and doubles none", async (t) => {
  const engine = await openEngine(t);
  const schedule = await schedules.create({ ...rule, deduplicationKey: "server" });
  await untilFiredFor(schedule, 0);
  let { server } = engine;
  for (let kills = 0; kills < 2; kills++) {
    const restart = await killServer(engine.stage, server);
    server = await restart();
    await untilFiredFor(schedule, Date.now());
  }
  await schedules.del(schedule.id);
  const fires = await firesOf(schedule);
  assert.ok(fires !== null && fires.length >= 3);
  await assertComplete(fires);
});
