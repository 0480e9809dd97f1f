import type { ScheduleRefusal, ScheduleRule } from "../schedule-ports.ts";
import { parseCron } from "./cron.ts";
import { refuseWindow } from "./fire-window.ts";
import { findTimeZone } from "./time-zones.ts";

/** What of a rule its fires depend on. */
export type FireRule = Pick<ScheduleRule, "cron" | "timezone" | "window">;

/**
 * Judges whether a schedule can fire by a rule.
 *
 * @param rule - the rule
 * @returns the field that is wrong, with a sentence; null: it can
 */
export function refuseRule({ cron, timezone, window }: FireRule): Omit<ScheduleRefusal, "kind"> | null {
  const read = parseCron(cron);
  if (read.kind === "refused") return { field: "cron", reason: read.reason };
  if (findTimeZone(timezone) === null) {
    const reason = `There is no time zone "${timezone}": use a name of the IANA database, such as Europe/Berlin or UTC.`;
    return { field: "timezone", reason };
  }
  const reason = refuseWindow(cron, window);
  return reason === null ? null : { field: "window", reason };
}

/**
 * Judges whether schedules can run a task.
 *
 * @param taskId - the task
 * @param standing - what the current version knows of it
 * @returns why not; null: they can
 */
export function refuseTask(
  taskId: string,
  standing: "scheduled" | "other" | "unknown",
): Omit<ScheduleRefusal, "kind"> | null {
  if (standing === "scheduled") return null;
  const reason =
    standing === "unknown"
      ? `The current version has no task "${taskId}": deploy one that has it, or correct the id.`
      : `The task "${taskId}" is not made to be run by schedules: define it with schedules.task().`;
  return { field: "task", reason };
}
