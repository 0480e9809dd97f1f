import type { ScheduleStore } from "../../engine/schedule-ports.ts";
import { type Database, plainArray, type Rows } from "../db.ts";
import { removeSchedule, setScheduleActive, updateSchedule, upsertSchedule } from "./change-schedule.ts";
import { scheduleColumns, scheduleRecord } from "./schedule-record.ts";
import { advanceSchedules, findNextDueSchedule, reviveSchedules, takeDue } from "./take-due.ts";

/**
 * Schedules on Postgres. Times are Postgres's own.
 *
 * @param db - where
 * @returns the store
 */
export function createScheduleStore(db: Database): ScheduleStore {
  const first = (rows: Rows) => (rows[0] === undefined ? null : scheduleRecord(rows[0]));
  return {
    async now() {
      const [row] = await db.query({ name: "schedules_now", text: "select now() as now", values: [] });
      return row?.now as Date; // one row, of now()
    },
    async taskStanding(environmentId, taskId) {
      const [row] = await db.query({
        name: "schedules_task_standing",
        text: `
          select t.is_scheduled from version v
          join task t on t.environment_id = v.environment_id and t.version_id = v.id and t.id = $2
          where v.environment_id = $1 and v.is_current`,
        values: [environmentId, taskId],
      });
      if (row === undefined) return "unknown";
      return row.is_scheduled === true ? "scheduled" : "other";
    },
    async upsert(environmentId, schedule) {
      const [row] = await db.query(upsertSchedule(environmentId, schedule));
      if (row === undefined) throw new Error(`The schedule ${schedule.deduplicationKey} was not stored.`);
      return scheduleRecord(row);
    },
    update: async (environmentId, id, schedule) => first(await db.query(updateSchedule(environmentId, id, schedule))),
    setActive: async (environmentId, id, isActive, nextAt) =>
      first(await db.query(setScheduleActive(environmentId, id, isActive, nextAt))),
    remove: async (environmentId, id) => (await db.query(removeSchedule(environmentId, id))).length > 0,
    async retrieve(environmentId, id) {
      return first(
        await db.query({
          name: "schedules_retrieve",
          text: `select ${scheduleColumns} from schedule s where s.environment_id = $1::uuid and s.id = $2::uuid`,
          values: [environmentId, id],
        }),
      );
    },
    async list(environmentId, { offset, size }) {
      const rows = await db.query({
        name: "schedules_list",
        text: `
          select ${scheduleColumns} from schedule s where s.environment_id = $1::uuid
          order by s.id desc offset $2::int limit $3::int`,
        values: [environmentId, offset, size],
      });
      const [counted] = await db.query({
        name: "schedules_count",
        text: "select count(*)::int as count from schedule where environment_id = $1::uuid",
        values: [environmentId],
      });
      return { schedules: rows.map(scheduleRecord), count: Number(counted?.count) };
    },
    takeDue: () => takeDue(db),
    revive: async (environmentId) => (await db.query(reviveSchedules(environmentId))).length > 0,
    async nextDueInMs() {
      const [row] = await db.query(findNextDueSchedule());
      return typeof row?.due_in_ms === "number" ? row.due_in_ms : null;
    },
    async advance(moves) {
      if (moves.length > 0) await db.query(advanceSchedules(moves));
    },
    async unfinishedRuns(environmentId, schedules) {
      const rows = await db.query({
        name: "schedules_unfinished_runs",
        text: `
          select l.schedule_id, array_agg(l.run_id::text order by l.run_id) as run_ids
          from unnest($2::uuid[], $3::timestamptz[]) as s(id, before)
          join live_run l on l.environment_id = $1::uuid and l.schedule_id = s.id
          where not exists (
            select from schedule_fire f
            where f.environment_id = $1::uuid and f.schedule_id = s.id and f.at >= s.before and f.run_id = l.run_id
          )
          group by l.schedule_id`,
        values: [
          environmentId,
          plainArray(schedules.map(({ id }) => id)),
          schedules.map(({ before }) => before.toISOString()),
        ],
      });
      // The casts state the column types of the statement above.
      return new Map(rows.map((row) => [row.schedule_id as string, row.run_ids as readonly string[]]));
    },
  };
}
