import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { makeEnvironment } from "@pawl/testkit";
import { createHostStore } from "../hosts.ts";
import { steppedDatabase } from "../runs/fixtures/stepped-database.ts";
import { createVersionStore } from "../versions.ts";
import { type ScheduleStage, scheduleStage } from "./fixtures/schedule-stage.ts";
import { createScheduleStore } from "./schedule-store.ts";

const later = new Date("2099-01-01T00:00:00Z");

/** Moves the stage's time on, for schedules. */
const pass = (stage: ScheduleStage, seconds: number) =>
  stage.sql("update schedule set due_at = due_at - $1::int * interval '1 second'", [seconds]);

test("what is due is taken once, until its time is over", async (t) => {
  const stage = await scheduleStage(t);
  const due = await stage.make();
  await stage.make({ nextAt: later });
  const { now, schedules } = await stage.schedules.takeDue();
  assert.deepEqual(
    schedules.map(({ takenUntil: _, ...schedule }) => schedule),
    [due],
  );
  assert.ok(Math.abs(now.getTime() + 10_000 - (schedules[0]?.takenUntil.getTime() ?? 0)) < 2);
  assert.deepEqual(await stage.take(), []);
  await pass(stage, 10);
  assert.deepEqual(await stage.take(), [due.id]);
});

test("of two servers that look at once, each schedule goes to one, and none is left", async (t) => {
  const stage = await scheduleStage(t);
  const made = [];
  for (let n = 0; n < 40; n++) made.push((await stage.make()).id);
  const client = await stage.database.connect();
  await client.query("begin");
  const [half = ""] = made.slice(20);
  await client.query("select from schedule where id < $1 for update", [half]); // as a server that is taking them
  assert.deepEqual([...(await stage.take())].sort(), made.slice(20));
  await client.query("rollback");
  await client.end();
  await pass(stage, 10);
  const [one, other] = await Promise.all([stage.take(), createScheduleStore(stage.database).takeDue()]);
  const all = [...one, ...other.schedules.map((schedule) => schedule.id)];
  assert.deepEqual(all.sort(), made);
});

test("a page is taken at a time, the earliest first", async (t) => {
  const stage = await scheduleStage(t);
  await stage.sql(
    `insert into schedule (environment_id, id, type, task_id, cron, timezone, deduplication_key, next_at, due_at)
     select $1::uuid, gen_random_uuid(), 'imperative', 'stage.plain.run', '* * * * *', 'UTC', 'key ' || n,
            date_trunc('second', now()) - n * interval '1 second', date_trunc('second', now()) - n * interval '1 second'
     from generate_series(1, 600) n`,
    [stage.environment.id],
  );
  const first = await stage.schedules.takeDue();
  const second = await stage.schedules.takeDue();
  assert.deepEqual(
    [first.schedules.length, first.hasMore, second.schedules.length, second.hasMore],
    [500, true, 100, false],
  );
  assert.ok((first.schedules.at(-1)?.nextAt ?? later) < (second.schedules[0]?.nextAt ?? later));
});

test("schedules of other environments are taken with them, each under its own conditions", async (t) => {
  const stage = await scheduleStage(t);
  const other = await makeEnvironment(stage.database, "other");
  const mine = await stage.make();
  const id = newUuid();
  await stage.schedules.upsert(other.id, { ...stage.rule(), id, deduplicationKey: id });
  assert.deepEqual(await stage.take(), [mine.id]); // the other has no version
  assert.equal(await stage.dueAt(id), null);
  const queue = { name: "queue" };
  const retry = { maxAttempts: 1, factor: 1, minTimeoutInMs: 0, maxTimeoutInMs: 0, randomize: false };
  const tasks = [{ id: mine.taskId, filePath: "a.ts", queue, retry }];
  await createVersionStore(stage.database).register(other.id, {
    contentHash: "content-1",
    tasks,
    processKeepAlive: true,
  });
  assert.deepEqual(await stage.take(), []); // and then no host
  await stage.sql("update environment set type = 'PRODUCTION' where id = $1", [other.id]);
  await stage.schedules.revive(other.id);
  assert.deepEqual(await stage.take(), [id]);
});

test("in development, a schedule is set aside while no host is connected, and comes back with one", async (t) => {
  const stage = await scheduleStage(t);
  const { id, nextAt } = await stage.make();
  await stage.loseHost();
  assert.deepEqual(await stage.take(), []);
  assert.equal(await stage.dueAt(id), null);
  assert.equal(await stage.schedules.nextDueInMs(), null);
  assert.equal(await stage.schedules.revive(stage.environment.id), false);
  await stage.sql("update host set lease_expires_at = now() + interval '1 minute'");
  assert.equal(await stage.schedules.revive(newUuid()), false);
  assert.equal(await stage.schedules.revive(null), true);
  assert.deepEqual(await stage.dueAt(id), nextAt);
  assert.deepEqual(await stage.take(), [id]);
});

test("a host that connects while a schedule is set aside for the lack of one brings it back", async (t) => {
  const stage = await scheduleStage(t);
  const { id } = await stage.make();
  await stage.loseHost();
  const stepped = steppedDatabase(stage.database);
  const step = stepped.stopAfter("schedules_set_aside");
  const taking = createScheduleStore(stepped.database).takeDue();
  await step.reached;
  const versionIds = [stage.versionId];
  const host = { id: newUuid(), environmentId: stage.environment.id, name: "late", versionIds, leaseMs: 60_000 };
  const connecting = createHostStore(stage.database).connect(host);
  step.release();
  await Promise.all([taking, connecting]);
  assert.equal(await stage.schedules.revive(stage.environment.id), true);
  assert.deepEqual(await stage.take(), [id]);
});

test("in development, a host that takes no runs any more is as none; one that has a version brings the schedule back", async (t) => {
  const stage = await scheduleStage(t);
  const { id } = await stage.make();
  const hosts = createHostStore(stage.database);
  await hosts.announce(stage.hostId, []);
  const stepped = steppedDatabase(stage.database);
  const step = stepped.stopAfter("schedules_set_aside");
  const taking = createScheduleStore(stepped.database).takeDue();
  await step.reached;
  const announcing = hosts.announce(stage.hostId, [stage.versionId]);
  step.release();
  assert.deepEqual((await taking).schedules, []);
  await announcing;
  assert.equal(await stage.schedules.revive(stage.environment.id), true);
  assert.deepEqual(await stage.take(), [id]);
});

test("a schedule is set aside with its task, and comes back with a version that has it", async (t) => {
  const stage = await scheduleStage(t);
  const { id } = await stage.make();
  const versions = createVersionStore(stage.database);
  const { tasks } = (await versions.current(stage.environment.id)) ?? { tasks: [] };
  const queue = { name: "queue" };
  const retry = { maxAttempts: 1, factor: 1, minTimeoutInMs: 0, maxTimeoutInMs: 0, randomize: false };
  await versions.register(stage.environment.id, { contentHash: "content-2", tasks: [], processKeepAlive: true });
  assert.equal(await stage.dueAt(id), null);
  assert.deepEqual(await stage.take(), []);
  const again = tasks.map((task) => ({ ...task, queue, retry }));
  await versions.register(stage.environment.id, { contentHash: "content-3", tasks: again, processKeepAlive: true });
  assert.deepEqual(await stage.take(), [id]);
});

test("the next due time is that of the first that is not set aside", async (t) => {
  const stage = await scheduleStage(t);
  assert.equal(await stage.schedules.nextDueInMs(), null);
  await stage.make({ nextAt: later });
  assert.ok(((await stage.schedules.nextDueInMs()) ?? 0) > 1e9);
  await stage.make();
  assert.ok(((await stage.schedules.nextDueInMs()) ?? 0) < 0);
});

test("a schedule moves on where it was taken, once", async (t) => {
  const stage = await scheduleStage(t);
  const { id, environmentId, nextAt } = await stage.make();
  const {
    schedules: [taken],
  } = await stage.schedules.takeDue();
  assert.ok(taken);
  const move = { environmentId, id, takenUntil: taken.takenUntil, nextAt: later, dueAt: later, lastAt: nextAt };
  await stage.schedules.advance([move]);
  const moved = await stage.schedules.retrieve(environmentId, id);
  assert.deepEqual([moved?.nextAt, moved?.lastAt, await stage.dueAt(id)], [later, nextAt, later]);
  await stage.schedules.advance([{ ...move, nextAt: null, dueAt: null }]);
  assert.deepEqual(await stage.schedules.retrieve(environmentId, id), moved);
});

for (const [what, change] of [
  [
    "was changed",
    (stage: ScheduleStage, id: string, deduplicationKey: string) =>
      stage.schedules.upsert(stage.environment.id, {
        ...stage.rule({ cron: "5 * * * *", nextAt: later }),
        id,
        deduplicationKey,
      }),
  ],
  [
    "was deactivated",
    (stage: ScheduleStage, id: string) => stage.schedules.setActive(stage.environment.id, id, false, null),
  ],
  ["was removed", (stage: ScheduleStage, id: string) => stage.schedules.remove(stage.environment.id, id)],
  [
    "was taken again",
    async (stage: ScheduleStage) => {
      await pass(stage, 10);
      await stage.take();
    },
  ],
] as const) {
  test(`a schedule that ${what} meanwhile does not move on`, async (t) => {
    const stage = await scheduleStage(t);
    const { id, environmentId, deduplicationKey } = await stage.make();
    const {
      schedules: [taken],
    } = await stage.schedules.takeDue();
    assert.ok(taken);
    await change(stage, id, deduplicationKey ?? "");
    const before = [await stage.schedules.retrieve(environmentId, id), await stage.dueAt(id).catch(() => null)];
    const at = new Date("2098-01-01T00:00:00Z");
    const { takenUntil } = taken;
    await stage.schedules.advance([{ environmentId, id, takenUntil, nextAt: at, dueAt: at, lastAt: at }]);
    assert.deepEqual(
      [await stage.schedules.retrieve(environmentId, id), await stage.dueAt(id).catch(() => null)],
      before,
    );
  });
}
