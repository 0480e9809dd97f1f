import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { readPacket } from "@pawl/contract/packet";
import { raceDatabase } from "@pawl/testkit";
import type { Database } from "../../store/db.ts";
import { createRunStore } from "../../store/runs/run-store.ts";
import { type ScheduleStage, scheduleStage } from "../../store/schedules/fixtures/schedule-stage.ts";
import { createScheduleStore } from "../../store/schedules/schedule-store.ts";
import type { CancelOutcome } from "../ports.ts";
import { firesAfter } from "../schedules/fire-times.ts";
import { effectiveAt } from "../schedules/fire-window.ts";
import { ScheduleFires } from "./schedule-fires.ts";

const minuteMs = 60_000;

interface FiresStage extends ScheduleStage {
  /** The service of one server, ticked by hand. */
  readonly fires: ScheduleFires;
  /** The service of another server over the same database. */
  server(database?: Database): ScheduleFires;
  readonly errors: unknown[];
  readonly canceled: CancelOutcome[];
  /** The runs of a schedule, in the order of their fires. */
  runsOf(scheduleId: string): Promise<readonly { readonly at: Date; readonly runId: string }[]>;
  /** Lets what was taken be taken again. */
  passLease(): Promise<void>;
}

async function firesStage(t: TestContext): Promise<FiresStage> {
  const stage = await scheduleStage(t);
  const errors: unknown[] = [];
  const canceled: CancelOutcome[] = [];
  const server = (database: Database = stage.database) =>
    new ScheduleFires(
      {
        schedules: createScheduleStore(database),
        runs: createRunStore(database),
        onCanceled: (_, outcome) => void canceled.push(outcome),
        onQueued: () => undefined,
        onDue: () => undefined,
        onError: (error) => void errors.push(error),
      },
      () => performance.now(),
    );
  stage.onEnd(() => assert.deepEqual(errors, []));
  return {
    ...stage,
    fires: server(),
    server,
    errors,
    canceled,
    async runsOf(scheduleId) {
      const rows = await stage.sql(
        `select f.at, r.id from schedule_fire f
         full join run r on r.environment_id = f.environment_id and r.id = f.run_id and r.schedule_id = f.schedule_id
         where coalesce(f.schedule_id, r.schedule_id) = $1 order by f.at`,
        [scheduleId],
      );
      return rows.map((row) => ({ at: row.at as Date, runId: row.id as string })); // columns of these types
    },
    async passLease() {
      await stage.sql("update schedule set due_at = due_at - interval '10 seconds'");
    },
  };
}

/** An hourly expression whose last fire was half an hour ago. */
function halfPast(): string {
  return `${(new Date().getUTCMinutes() + 30) % 60} * * * *`;
}

/** The first fire of an expression after so many minutes before now. */
function missedSince(cron: string, minutes: number): Date {
  return firesAfter(cron, "UTC", new Date(Date.now() - minutes * minuteMs), 1)[0] ?? assert.fail();
}

test("a fire makes a run of the schedule's task with what the schedule says", async (t) => {
  const stage = await firesStage(t);
  const nextAt = missedSince("* * * * *", 1);
  const { id } = await stage.make({ cron: "* * * * *", timezone: "Europe/Berlin", externalId: "user 1", nextAt });
  await stage.fires.runOnce();
  const [fire] = await stage.runsOf(id);
  const run = await stage.reader.retrieve(stage.environment.id, fire?.runId ?? "");
  assert.equal(run?.taskId, "stage.plain.run");
  assert.equal(run?.queueName, "task/stage.plain.run");
  const upcoming = firesAfter("* * * * *", "Europe/Berlin", nextAt, 5);
  assert.deepEqual(readPacket({ text: run?.payload ?? "", type: "application/super+json" }), {
    type: "IMPERATIVE",
    timestamp: nextAt,
    timezone: "Europe/Berlin",
    scheduleId: toPublicId("sched", id),
    externalId: "user 1",
    upcoming,
  });
  const moved = await stage.schedules.retrieve(stage.environment.id, id);
  assert.deepEqual([moved?.nextAt, moved?.lastAt, await stage.dueAt(id)], [upcoming[0], nextAt, upcoming[0]]);
});

test("a run is told of the fire before it", async (t) => {
  const stage = await firesStage(t);
  const cron = halfPast();
  const { id } = await stage.make({ cron, nextAt: missedSince(cron, 180), catchUp: "all" });
  await stage.fires.runOnce();
  const fires = await stage.runsOf(id);
  assert.equal(fires.length, 3);
  const told = [];
  for (const { runId } of fires) {
    const run = await stage.reader.retrieve(stage.environment.id, runId);
    const payload = readPacket({ text: run?.payload ?? "", type: "application/super+json" });
    told.push((payload as { lastTimestamp?: Date }).lastTimestamp); // as written by the fire
  }
  assert.deepEqual(told, [undefined, fires[0]?.at, fires[1]?.at]);
});

test("two servers that look at once make one run of each fire", async (t) => {
  const stage = await firesStage(t);
  const made = [];
  const rule = { cron: "* * * * *", nextAt: missedSince("* * * * *", 1), catchUp: "all" } as const; // a minute may begin meanwhile
  for (let n = 0; n < 60; n++) made.push(await stage.make(rule));
  const servers = [stage.fires, stage.server(), stage.server()];
  for (let round = 0; round < 3; round++) await Promise.all(servers.map((server) => server.runOnce()));
  for (const { id, nextAt } of made) {
    const fires = await stage.runsOf(id);
    assert.deepEqual(
      fires.slice(0, 1).map(({ at }) => at),
      [nextAt],
    );
    assert.equal(new Set(fires.map(({ runId }) => runId)).size, fires.length);
  }
});

for (const overlap of ["allow", "skip", "cancel"] as const) {
  test(`after a crash between run and move the fire is found, not made again (overlap ${overlap})`, async (t) => {
    const stage = await firesStage(t);
    const cron = halfPast();
    const { id, environmentId, nextAt } = await stage.make({
      cron,
      nextAt: missedSince(cron, 60),
      catchUp: "last",
      overlap,
    });
    const races = raceDatabase(stage.database);
    const point = races.hold("schedules_advance", "before");
    const crashing = stage.server(races.database).runOnce();
    await point.reached;
    await stage.passLease();
    await stage.fires.runOnce();
    const moved = await stage.schedules.retrieve(environmentId, id);
    assert.deepEqual([moved?.lastAt, moved?.nextAt], [nextAt, new Date((nextAt?.getTime() ?? 0) + 60 * minuteMs)]);
    point.release();
    await crashing;
    assert.deepEqual(await stage.schedules.retrieve(environmentId, id), moved);
    const fires = await stage.runsOf(id);
    assert.deepEqual(
      fires.map(({ at }) => at),
      [nextAt],
    );
    assert.equal((await stage.liveRun(fires[0]?.runId ?? ""))?.state, "queued"); // it is no earlier run of itself
  });
}

test("a server that dies before it made anything is followed by another", async (t) => {
  const stage = await firesStage(t);
  const { id, nextAt } = await stage.make({ cron: "* * * * *", nextAt: missedSince("* * * * *", 1), catchUp: "last" });
  await stage.schedules.takeDue();
  await stage.fires.runOnce();
  assert.deepEqual(await stage.runsOf(id), []);
  await stage.passLease();
  await stage.fires.runOnce();
  const [fire] = await stage.runsOf(id);
  assert.ok(fire && nextAt && fire.at >= nextAt);
});

for (const [catchUp, expected] of [
  ["skip", 0],
  ["last", 1],
  ["all", 4],
] as const) {
  test(`after four hours without a server, catchUp ${catchUp} makes ${expected} runs`, async (t) => {
    const stage = await firesStage(t);
    const cron = halfPast();
    const { id, environmentId } = await stage.make({ cron, nextAt: missedSince(cron, 4 * 60), catchUp });
    await stage.fires.runOnce();
    const moved = await stage.schedules.retrieve(environmentId, id);
    const last = missedSince(cron, 60);
    assert.deepEqual(moved?.nextAt, new Date(last.getTime() + 60 * minuteMs));
    assert.deepEqual(moved?.lastAt, expected === 0 ? null : last, "what was not fired is not told as fired");
    const fires = await stage.runsOf(id);
    assert.equal(fires.length, expected);
    if (expected > 0) assert.deepEqual(fires.at(-1)?.at, last);
  });
}

test("all makes up for every fire in their order, at most a hundred a pass", async (t) => {
  const stage = await firesStage(t);
  const nextAt = missedSince("* * * * *", 230);
  const { id } = await stage.make({ cron: "* * * * *", nextAt, catchUp: "all" });
  const counts = [];
  for (let passes = 0; passes < 3; passes++) {
    await stage.fires.runOnce();
    counts.push((await stage.runsOf(id)).length);
  }
  assert.deepEqual(counts.slice(0, 2), [100, 200]);
  const fires = await stage.runsOf(id);
  assert.deepEqual(
    fires.map(({ at }) => at),
    [nextAt, ...firesAfter("* * * * *", "UTC", nextAt, fires.length - 1)],
  );
  assert.ok(fires.length >= 230);
});

test("with overlap skip the time of a fire passes while an earlier run is unfinished", async (t) => {
  const stage = await firesStage(t);
  const cron = halfPast();
  const { id, environmentId } = await stage.make({
    cron,
    nextAt: missedSince(cron, 120),
    catchUp: "all",
    overlap: "skip",
  });
  await stage.fires.runOnce();
  const [first, ...others] = await stage.runsOf(id);
  assert.equal(others.length, 0);
  await stage.fires.runOnce();
  assert.deepEqual(await stage.runsOf(id), [first]);
  const passed = await stage.schedules.retrieve(environmentId, id);
  assert.deepEqual(
    [passed?.lastAt, passed?.nextAt],
    [first?.at, new Date(missedSince(cron, 60).getTime() + 60 * minuteMs)],
  );
  await stage.runs.cancel(environmentId, [first?.runId ?? ""]);
  await stage.sql("update schedule set next_at = next_at - interval '1 hour', due_at = now()"); // that fire once more: it was not made
  await stage.fires.runOnce();
  assert.equal((await stage.runsOf(id)).length, 2);
});

test("with overlap cancel an earlier run is cancelled, queued or executing, and its host is told", async (t) => {
  const stage = await firesStage(t);
  const cron = halfPast();
  const { id } = await stage.make({ cron, nextAt: missedSince(cron, 180), catchUp: "all", overlap: "cancel" });
  await stage.fires.runOnce();
  const [first] = await stage.runsOf(id);
  await stage.fires.runOnce();
  assert.equal((await stage.reader.retrieve(stage.environment.id, first?.runId ?? ""))?.outcome, "canceled");
  const [executing] = await stage.claim();
  await stage.fires.runOnce();
  assert.equal((await stage.liveRun(executing?.runId ?? ""))?.state, "cancelling");
  assert.deepEqual(
    stage.canceled.at(-1)?.cancelling.map(({ runId }) => runId),
    [executing?.runId],
  );
  const fires = await stage.runsOf(id);
  assert.equal((await stage.liveRun(fires[2]?.runId ?? ""))?.state, "queued");
  await stage.runs.endCancelling(stage.environment.id, [executing?.runId ?? ""]);
});

test("a window puts the run off, not its timestamp", async (t) => {
  const stage = await firesStage(t);
  const cron = halfPast();
  const nextAt = missedSince(cron, 60);
  const made = [];
  for (let n = 0; n < 20; n++) made.push(await stage.make({ cron, nextAt, catchUp: "last", window: "60m" }));
  const before = new Date();
  await stage.fires.runOnce();
  for (const schedule of made) {
    const due = effectiveAt(schedule, nextAt);
    const fires = await stage.runsOf(schedule.id);
    if (due <= before)
      assert.deepEqual(
        fires.map(({ at }) => at),
        [nextAt],
      );
    else if (fires.length === 0) assert.deepEqual(await stage.dueAt(schedule.id), due);
  }
});

test("a fault of the store is told of, and leaves nothing behind", async (t) => {
  const stage = await firesStage(t);
  const { id } = await stage.make({ cron: "* * * * *", nextAt: missedSince("* * * * *", 1), catchUp: "last" });
  const broken = { ...stage.database, query: () => Promise.reject(new Error("out of reach")) };
  await stage.server(broken).runOnce();
  assert.equal(stage.errors.splice(0).length, 1);
  await stage.fires.runOnce();
  assert.equal((await stage.runsOf(id)).length, 1);
});

test("a schedule with a task that is gone makes no run, until a version has the task", async (t) => {
  const stage = await firesStage(t);
  const { id } = await stage.make({ cron: "* * * * *", nextAt: missedSince("* * * * *", 1), catchUp: "last" });
  await stage.sql("update version set is_current = false");
  await stage.fires.runOnce();
  assert.deepEqual(await stage.runsOf(id), []);
  await stage.sql("update version set is_current = true");
  await stage.fires.wake(stage.environment.id);
  await stage.fires.runOnce();
  assert.equal((await stage.runsOf(id)).length, 1);
});

test("the fire of a schedule that is removed meanwhile is made once", async (t) => {
  const stage = await firesStage(t);
  const { id, environmentId } = await stage.make({ cron: "* * * * *", nextAt: missedSince("* * * * *", 1) });
  const races = raceDatabase(stage.database);
  const point = races.hold("runs_insert_with_options", "before");
  const firing = stage.server(races.database).runOnce();
  await point.reached;
  await stage.schedules.remove(environmentId, id);
  point.release();
  await firing;
  assert.equal((await stage.runsOf(id)).length, 1);
  assert.equal(await stage.schedules.retrieve(environmentId, newUuid()), null);
});

test("a schedule that this server can't read keeps no other from firing, and is left for one that can", async (t) => {
  const stage = await firesStage(t);
  const broken = await stage.make();
  const whole = await stage.make();
  await stage.sql("update schedule set timezone = 'Mars/Olympus' where id = $1", [broken.id]);
  await stage.fires.runOnce();
  assert.equal((await stage.runsOf(whole.id)).length, 1);
  assert.equal((await stage.runsOf(broken.id)).length, 0);
  const [error] = stage.errors.splice(0);
  assert.match(String(error), new RegExp(toPublicId("sched", broken.id)));
  await stage.sql("update schedule set timezone = 'UTC' where id = $1", [broken.id]);
  await stage.passLease();
  await stage.fires.runOnce();
  assert.equal((await stage.runsOf(broken.id)).length, 1);
});

test("runs that an earlier fire left in great number are cancelled in pages", async (t) => {
  const stage = await firesStage(t);
  const schedule = await stage.make({ overlap: "cancel" });
  await stage.runs.insert(
    Array.from({ length: 600 }, (_, n) =>
      stage.newRun({ fire: { scheduleId: schedule.id, at: new Date(Date.now() - (n + 10) * minuteMs) } }),
    ),
  );
  await stage.fires.runOnce();
  const pages = stage.canceled.map(({ finished }) => finished.length);
  assert.equal(
    pages.reduce((sum, size) => sum + size, 0),
    600,
  );
  assert.ok(Math.max(...pages) <= 500, `${Math.max(...pages)} runs at once`);
});
