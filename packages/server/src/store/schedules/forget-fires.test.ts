import assert from "node:assert/strict";
import { test } from "node:test";
import { createHousekeeping } from "../housekeeping.ts";
import { scheduleStage } from "./fixtures/schedule-stage.ts";

test("fires are forgotten after three days, but for the latest of each schedule there is", async (t) => {
  const stage = await scheduleStage(t);
  const [busy, idle, removed] = [await stage.make(), await stage.make(), await stage.make()];
  const at = (day: number) => new Date(Date.UTC(2026, 6, day));
  const fire = (schedule: { id: string }, day: number) =>
    stage.newRun({ fire: { scheduleId: schedule.id, at: at(day) } });
  const old = [fire(busy, 1), fire(busy, 2), fire(idle, 1), fire(idle, 2), fire(removed, 1)];
  await stage.insert(old);
  const isOld = [old.map((run) => run.id)];
  await stage.sql("update run set created_at = created_at - interval '73 hours' where id = any ($1)", isOld);
  await stage.sql("update schedule_fire set created_at = created_at - interval '73 hours'");
  await stage.insert([fire(busy, 3), fire(busy, 4)]);
  await stage.schedules.remove(removed.environmentId, removed.id);
  await createHousekeeping({ database: stage.database, onError: (error) => assert.fail(String(error)) }).runOnce();
  const rows = await stage.sql("select schedule_id, at from schedule_fire order by at, schedule_id");
  assert.deepEqual(
    rows.map((row) => [row.schedule_id, row.at]),
    [
      [idle.id, at(2)],
      [busy.id, at(3)],
      [busy.id, at(4)],
    ],
  );
});
