import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import { holdLock, untilBlocked } from "@pawl/testkit";
import type { PlannedSchedule } from "../../engine/schedule-ports.ts";
import { lockEnvironment } from "../runs/claim.ts";
import { createVersionStore } from "../versions.ts";
import { syncDeclared } from "./declared-schedules.ts";
import { type ScheduleStage, scheduleStage } from "./fixtures/schedule-stage.ts";

const soon = new Date("2098-01-01T00:00:00Z");
const later = new Date("2099-01-01T00:00:00Z");

let versions = 0;

/** Registers a version with these schedules and their tasks, and answers the declared schedules there are then. */
async function register(
  stage: ScheduleStage,
  schedules: readonly PlannedSchedule[],
  otherTasks: readonly string[] = [],
) {
  const tasks = [...schedules.map((schedule) => schedule.taskId), ...otherTasks].map((id) => ({
    id,
    filePath: `${id}.ts`,
    queue: { name: `task/${id}` },
    retry: defaultRetryPolicy,
    isScheduled: true,
  }));
  const manifest = { contentHash: `content-${++versions}`, tasks, processKeepAlive: true };
  await createVersionStore(stage.database).register(stage.environment.id, manifest, schedules);
  const { schedules: all } = await stage.schedules.list(stage.environment.id, { offset: 0, size: 100 });
  return new Map(all.filter((one) => one.type === "declarative").map((one) => [one.taskId, one]));
}

test("a version's schedules are added, changed and removed with it", async (t) => {
  const stage = await scheduleStage(t);
  const a = stage.rule({ taskId: "a", nextAt: soon, window: "10m", catchUp: "last", overlap: "skip" });
  const b = stage.rule({ taskId: "b", nextAt: soon });
  const first = await register(stage, [a, b]);
  assert.deepEqual([...first.keys()].sort(), ["a", "b"]);
  const { id: idOfA, environmentId, ...madeA } = first.get("a") ?? assert.fail();
  assert.deepEqual(madeA, { ...a, type: "declarative", deduplicationKey: null, isActive: true, lastAt: null });
  const second = await register(stage, [
    stage.rule({ taskId: "c", nextAt: soon }),
    { ...a, cron: "5 * * * *", nextAt: later },
  ]);
  assert.deepEqual([...second.keys()].sort(), ["a", "c"]);
  assert.equal(second.get("a")?.id, idOfA);
  assert.deepEqual(second.get("a")?.nextAt, later);
  assert.equal((await stage.schedules.taskStanding(environmentId, "a")) === "scheduled", true);
  assert.deepEqual([...(await register(stage, [])).keys()], []);
});

test("a schedule that a version does not change keeps its next fire", async (t) => {
  const stage = await scheduleStage(t);
  const a = stage.rule({ taskId: "a", nextAt: soon });
  await register(stage, [a]);
  const again = await register(stage, [{ ...a, overlap: "cancel", nextAt: later }]);
  assert.deepEqual([again.get("a")?.nextAt, again.get("a")?.overlap], [soon, "cancel"]);
});

test("whether a declared schedule is active is kept over versions", async (t) => {
  const stage = await scheduleStage(t);
  const a = stage.rule({ taskId: "a", nextAt: soon });
  const { id = "" } = (await register(stage, [a])).get("a") ?? {};
  await stage.schedules.setActive(stage.environment.id, id, false, null);
  const again = await register(stage, [{ ...a, cron: "5 * * * *", nextAt: later }]);
  assert.deepEqual(
    [again.get("a")?.isActive, again.get("a")?.nextAt, again.get("a")?.cron],
    [false, null, "5 * * * *"],
  );
});

test("declared schedules are neither changed nor removed by calls", async (t) => {
  const stage = await scheduleStage(t);
  const { id = "" } = (await register(stage, [stage.rule({ taskId: "a", nextAt: soon })])).get("a") ?? {};
  assert.equal(await stage.schedules.update(stage.environment.id, id, stage.rule()), null);
  assert.equal(await stage.schedules.remove(stage.environment.id, id), false);
});

test("imperative schedules outlive versions, also of a task that declares one", async (t) => {
  const stage = await scheduleStage(t);
  await register(stage, [stage.rule({ taskId: "a", nextAt: soon })]);
  const mine = await stage.make({ taskId: "a", nextAt: soon });
  assert.deepEqual([...(await register(stage, [], ["a"])).keys()], []);
  assert.deepEqual(await stage.dueAt(mine.id), soon);
  await register(stage, []);
  assert.equal(await stage.dueAt(mine.id), null);
  assert.deepEqual((await stage.schedules.retrieve(stage.environment.id, mine.id))?.nextAt, soon);
});

test("a version and a server that moves schedules on lock them in the same order", async (t) => {
  const stage = await scheduleStage(t);
  const environmentId = stage.environment.id;
  const rules = [stage.rule({ taskId: "a" }), stage.rule({ taskId: "b" })];
  await register(stage, rules);
  const ids = { a: "f".repeat(32), b: "0".repeat(32) }; // the order of the tasks is not that of the ids
  for (const [taskId, id] of Object.entries(ids)) {
    await stage.sql("update schedule set id = $2 where task_id = $1", [taskId, id]);
  }
  const { schedules: taken } = await stage.schedules.takeDue();
  const moves = taken.map((one) => ({ ...one, dueAt: soon, nextAt: soon }));
  const held = await holdLock(stage.database, "select from schedule where task_id = 'b' for update");
  const advanced = stage.schedules.advance(moves);
  await untilBlocked(stage.database, 1);
  const synced = stage.database.transaction([lockEnvironment(environmentId), ...syncDeclared(environmentId, rules)]);
  await untilBlocked(stage.database, 2);
  await held.release();
  await Promise.all([advanced, synced]);
});
