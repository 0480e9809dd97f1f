import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { makeEnvironment } from "@pawl/testkit";
import { limitedTask, plainTask } from "../runs/fixtures/run-stage.ts";
import { scheduleStage } from "./fixtures/schedule-stage.ts";

const soon = new Date("2098-01-01T00:00:00Z");
const later = new Date("2099-01-01T00:00:00Z");

test("a key names one schedule: making it again changes it", async (t) => {
  const stage = await scheduleStage(t);
  const first = await stage.make({ deduplicationKey: "user 1", nextAt: soon, externalId: "1" });
  const again = await stage.make({ deduplicationKey: "user 1", cron: "5 * * * *", nextAt: later, overlap: "skip" });
  assert.equal(again.id, first.id);
  assert.deepEqual([again.cron, again.overlap, again.externalId, again.nextAt], ["5 * * * *", "skip", null, later]);
  assert.deepEqual(await stage.schedules.retrieve(stage.environment.id, first.id), again);
});

test("a key names another schedule in another environment", async (t) => {
  const stage = await scheduleStage(t);
  const other = await makeEnvironment(stage.database, "other");
  const first = await stage.make({ deduplicationKey: "user 1", nextAt: soon });
  const second = await stage.schedules.upsert(other.id, {
    ...stage.rule({ nextAt: soon }),
    id: newUuid(),
    deduplicationKey: "user 1",
  });
  assert.notEqual(first.id, second.id);
  assert.equal(await stage.schedules.retrieve(other.id, first.id), null);
  assert.equal(await stage.schedules.remove(other.id, first.id), false);
});

test("the next fire stays when expression and zone do, and is another when one of them is", async (t) => {
  const stage = await scheduleStage(t);
  const { id, environmentId } = await stage.make({ nextAt: soon });
  const change = async (changes: Parameters<typeof stage.rule>[0]) =>
    (await stage.schedules.update(environmentId, id, stage.rule({ nextAt: later, ...changes })))?.nextAt;
  assert.deepEqual(await change({ window: "10m", catchUp: "all", externalId: "x" }), soon);
  assert.deepEqual(await stage.dueAt(id), soon);
  assert.deepEqual(await change({ timezone: "Europe/Berlin" }), later);
  assert.deepEqual(await stage.dueAt(id), later);
  assert.deepEqual(await change({ timezone: "Europe/Berlin", cron: "5 * * * *", nextAt: soon }), soon);
});

test("a change that leaves the next fire leaves who has taken it", async (t) => {
  const stage = await scheduleStage(t);
  const made = await stage.make();
  const [taken] = (await stage.schedules.takeDue()).schedules;
  await stage.schedules.update(made.environmentId, made.id, stage.rule({ externalId: "other", nextAt: later }));
  assert.deepEqual(await stage.dueAt(made.id), taken?.takenUntil);
});

test("a schedule that is not active has no next fire, and what was missed meanwhile is not made up for", async (t) => {
  const stage = await scheduleStage(t);
  const { id, environmentId } = await stage.make();
  const set = (isActive: boolean, nextAt: Date | null) =>
    stage.schedules.setActive(environmentId, id, isActive, nextAt);
  const off = await set(false, null);
  assert.deepEqual([off?.isActive, off?.nextAt, await stage.dueAt(id)], [false, null, null]);
  assert.deepEqual(await stage.take(), []);
  const changed = await stage.schedules.update(environmentId, id, stage.rule({ cron: "5 * * * *" }));
  assert.deepEqual([changed?.isActive, changed?.nextAt], [false, null]);
  const on = await set(true, soon);
  assert.deepEqual([on?.isActive, on?.nextAt, await stage.dueAt(id)], [true, soon, soon]);
  assert.deepEqual((await set(true, later))?.nextAt, soon); // it was so already
  assert.equal(await stage.schedules.setActive(environmentId, newUuid(), true, soon), null);
});

test("a schedule that is removed is gone, and its runs stay", async (t) => {
  const stage = await scheduleStage(t);
  const { id, environmentId, nextAt } = await stage.make();
  const run = stage.newRun({ fire: { scheduleId: id, at: nextAt ?? soon } });
  await stage.insert([run]);
  assert.equal(await stage.schedules.remove(environmentId, id), true);
  assert.equal(await stage.schedules.remove(environmentId, id), false);
  assert.equal(await stage.schedules.retrieve(environmentId, id), null);
  assert.equal((await stage.liveRun(run.id))?.schedule_id, id);
});

test("schedules are listed newest first, in pages, with how many there are", async (t) => {
  const stage = await scheduleStage(t);
  const ids = [];
  for (let n = 0; n < 5; n++) ids.unshift((await stage.make()).id);
  const page = async (offset: number, size: number) => {
    const { schedules, count } = await stage.schedules.list(stage.environment.id, { offset, size });
    return [schedules.map((schedule) => schedule.id), count];
  };
  assert.deepEqual(await page(0, 2), [ids.slice(0, 2), 5]);
  assert.deepEqual(await page(4, 2), [ids.slice(4), 5]);
  assert.deepEqual(await page(6, 2), [[], 5]);
});

test("a task is for schedules, for others, or not in the current version", async (t) => {
  const stage = await scheduleStage(t);
  const of = (taskId: string) => stage.schedules.taskStanding(stage.environment.id, taskId);
  assert.deepEqual([await of(plainTask), await of(limitedTask), await of("gone")], ["scheduled", "other", "unknown"]);
});

test("unfinished runs of a schedule are found, without those of the fire in question or of later ones", async (t) => {
  const stage = await scheduleStage(t);
  const { id, environmentId } = await stage.make();
  const other = await stage.make();
  const at = (minute: number) => new Date(Date.UTC(2026, 6, 1, 0, minute));
  const runs = [1, 2, 3].map((minute) => stage.newRun({ fire: { scheduleId: id, at: at(minute) } }));
  await stage.insert([...runs, stage.newRun({ fire: { scheduleId: other.id, at: at(1) } }), stage.newRun()]);
  await stage.runs.cancel(environmentId, [runs[0]?.id ?? ""]);
  const before = (minute: number) => stage.schedules.unfinishedRuns(environmentId, [{ id, before: at(minute) }]);
  assert.deepEqual([...(await before(4)).entries()], [[id, [runs[1]?.id, runs[2]?.id]]]);
  assert.deepEqual([...(await before(3)).entries()], [[id, [runs[1]?.id]]]);
  assert.deepEqual([...(await before(2)).entries()], []);
});
