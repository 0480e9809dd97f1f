import type { PlannedSchedule } from "../../engine/schedule-ports.ts";
import type { Statement } from "../db.ts";
import { scheduleColumns } from "./schedule-record.ts";

// due_at is next_at after a change: a server looks at the schedule then, and finds when its window lets it fire.

/**
 * The columns of a rule that changes, as an assignment: the next fire stays where expression and zone do.
 *
 * @param old - the name of the row as it was
 * @param rule - the name of the row with the rule, whose columns are those of the table
 * @returns what follows `set`
 */
export function changedRule(old: string, rule: string): string {
  const keeps = `(${old}.cron, ${old}.timezone) = (${rule}.cron, ${rule}.timezone) and ${old}.next_at is not null`;
  return `
    task_id = ${rule}.task_id, cron = ${rule}.cron, timezone = ${rule}.timezone, fire_window = ${rule}.fire_window,
    external_id = ${rule}.external_id, catch_up = ${rule}.catch_up, overlap = ${rule}.overlap, updated_at = now(),
    next_at = case when not ${old}.is_active then null when ${keeps} then ${old}.next_at else ${rule}.next_at end,
    due_at = case
      when not ${old}.is_active then null
      when ${keeps} and ${old}.fire_window is not distinct from ${rule}.fire_window then coalesce(${old}.due_at, ${old}.next_at)
      when ${keeps} then ${old}.next_at
      else ${rule}.next_at
    end`;
}

function ruleValues(rule: PlannedSchedule): readonly unknown[] {
  const { taskId, cron, timezone, window, externalId, catchUp, overlap, nextAt } = rule;
  return [taskId, cron, timezone, window, externalId, catchUp, overlap, nextAt];
}

/**
 * Makes an imperative schedule, or changes the one with the same key. Locks: its row.
 *
 * @param environmentId - the environment
 * @param schedule - with the id that a new one gets
 * @returns the statement; its row is the schedule
 */
export function upsertSchedule(
  environmentId: string,
  schedule: PlannedSchedule & { readonly id: string; readonly deduplicationKey: string },
): Statement {
  return {
    name: "schedules_upsert",
    text: `
      insert into schedule as s (environment_id, id, type, deduplication_key, task_id, cron, timezone, fire_window, external_id,
                                 catch_up, overlap, next_at, due_at)
      values ($1, $2, 'imperative', $3, $4, $5, $6, $7, $8, $9, $10, $11::timestamptz, $11::timestamptz)
      on conflict (environment_id, deduplication_key) where type = 'imperative' do update
      set ${changedRule("s", "excluded")}
      returning ${scheduleColumns}`,
    values: [environmentId, schedule.id, schedule.deduplicationKey, ...ruleValues(schedule)],
  };
}

/**
 * Changes an imperative schedule. Locks: its row.
 *
 * @param environmentId - the environment
 * @param id - the schedule
 * @param schedule - its new rule
 * @returns the statement; its row is the schedule, if there is one
 */
export function updateSchedule(environmentId: string, id: string, schedule: PlannedSchedule): Statement {
  return {
    name: "schedules_update",
    text: `
      update schedule s set ${changedRule("s", "rule")}
      from (select $3::text as task_id, $4::text as cron, $5::text as timezone, $6::text as fire_window, $7::text as external_id,
                   $8::text as catch_up, $9::text as overlap, $10::timestamptz as next_at) rule
      where s.environment_id = $1::uuid and s.id = $2::uuid and s.type = 'imperative'
      returning ${scheduleColumns}`,
    values: [environmentId, id, ...ruleValues(schedule)],
  };
}

/**
 * Lets a schedule fire or keeps it from firing; one that is so already stays as it is. Locks: its row.
 *
 * @param environmentId - the environment
 * @param id - the schedule
 * @param isActive - whether it fires
 * @param nextAt - its next fire, where it does
 * @returns the statement; its row is the schedule, if there is one
 */
export function setScheduleActive(
  environmentId: string,
  id: string,
  isActive: boolean,
  nextAt: Date | null,
): Statement {
  return {
    name: "schedules_set_active",
    text: `
      update schedule s
      set is_active = $3::boolean, updated_at = now(),
          next_at = case when is_active = $3::boolean then next_at when $3::boolean then $4::timestamptz end,
          due_at = case when is_active = $3::boolean then due_at when $3::boolean then $4::timestamptz end
      where s.environment_id = $1::uuid and s.id = $2::uuid
      returning ${scheduleColumns}`,
    values: [environmentId, id, isActive, nextAt],
  };
}

/**
 * Removes an imperative schedule; its runs stay. Locks: its row.
 *
 * @param environmentId - the environment
 * @param id - the schedule
 * @returns the statement; it has a row if there was one
 */
export function removeSchedule(environmentId: string, id: string): Statement {
  return {
    name: "schedules_remove",
    text: `delete from schedule where environment_id = $1::uuid and id = $2::uuid and type = 'imperative' returning 1`,
    values: [environmentId, id],
  };
}
