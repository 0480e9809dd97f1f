import type { CatchUp, Overlap } from "@pawl/contract/schedule";
import type { ScheduleRecord } from "../../engine/schedule-ports.ts";
import type { Rows } from "../db.ts";

/** What {@link scheduleRecord} reads, of a schedule called `s`. */
export const scheduleColumns = `
  s.environment_id, s.id, s.type, s.task_id, s.cron, s.timezone, s.fire_window, s.deduplication_key, s.external_id, s.catch_up,
  s.overlap, s.is_active, s.next_at, s.last_at`;

/**
 * Reads a row of {@link scheduleColumns}.
 *
 * @param row - the row
 * @returns the schedule
 */
export function scheduleRecord(row: Rows[number]): ScheduleRecord {
  // The casts state the column types.
  return {
    environmentId: row.environment_id as string,
    id: row.id as string,
    type: row.type as "declarative" | "imperative",
    taskId: row.task_id as string,
    cron: row.cron as string,
    timezone: row.timezone as string,
    window: row.fire_window as string | null,
    deduplicationKey: row.deduplication_key as string | null,
    externalId: row.external_id as string | null,
    catchUp: row.catch_up as CatchUp,
    overlap: row.overlap as Overlap,
    isActive: row.is_active as boolean,
    nextAt: row.next_at as Date | null,
    lastAt: row.last_at as Date | null,
  };
}
