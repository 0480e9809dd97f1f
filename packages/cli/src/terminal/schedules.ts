import type { ScheduleList, ScheduleObject } from "@pawl/contract/api/schedules";
import pc from "picocolors";
import { scheduleName } from "../api/schedules.ts";
import { dateAndTime } from "./clock.ts";
import { nothing, renderRecords } from "./records.ts";
import { renderTable } from "./table.ts";
import { timeFromNow } from "./time-from-now.ts";

const columns = ["SCHEDULE", "TASK", "RUNS", "ZONE", "NEXT", "KIND", "ID"].map((title) => ({ title }));

/**
 * Schedules as a table: what they run, when, and when next.
 *
 * @param list - a page of schedules
 * @param now - the time of now
 * @param width - how many characters a line may have; default: those of the terminal
 * @returns the lines for the terminal
 */
export function renderScheduleTable({ data, pagination }: ScheduleList, now: Date, width?: number): readonly string[] {
  if (data.length === 0) {
    return [
      "There are no schedules. Declare one in code, with schedules.task({ id, cron, run }), or make one:",
      "  pawl schedules create <task> '0 9 * * *' --key <key>",
    ];
  }
  const rows = data.map((schedule) => [
    scheduleName(schedule),
    schedule.task,
    schedule.generator.description,
    schedule.timezone,
    nextOf(schedule, now),
    kindOf(schedule),
    schedule.id,
  ]);
  const lines = renderRecords(columns, rows, width);
  if (pagination.currentPage >= pagination.totalPages) return lines;
  return [...lines, pc.dim(`There are ${pagination.count} in all: add --page ${pagination.currentPage + 1} for more.`)];
}

/**
 * All that is known of a schedule.
 *
 * @param schedule - the schedule
 * @param now - the time of now
 * @returns the lines for the terminal
 */
export function renderSchedulePage(schedule: ScheduleObject, now: Date): readonly string[] {
  const { id, task, generator, timezone, nextRunEffectiveAt, nextRun, window } = schedule;
  const isSpread = nextRunEffectiveAt !== undefined && nextRunEffectiveAt !== nextRun;
  const facts: (readonly [string, string | null | undefined])[] = [
    ["task", task],
    ["runs", generator.description],
    ["cron", generator.expression],
    ["zone", timezone],
    ["next", nextOf(schedule, now)],
    ["starts at", isSpread ? dateAndTime(new Date(nextRunEffectiveAt)) : undefined],
    ["window", window],
    ["catch up", schedule.catchUp],
    ["overlap", schedule.overlap],
    ["key", schedule.type === "IMPERATIVE" ? schedule.deduplicationKey : undefined],
    ["external id", schedule.externalId],
  ];
  const known = facts.flatMap(([title, value]) =>
    value === undefined || value === null ? [] : [[pc.dim(title), value]],
  );
  return [
    `${pc.bold(scheduleName(schedule))}  ${pc.dim(kindOf(schedule))}  ${id}`,
    "",
    ...renderTable(known),
    "",
    pc.dim(`Its runs: pawl runs --schedule ${id}`),
  ];
}

/**
 * How a schedule stands after a change.
 *
 * @param schedule - the schedule
 * @param now - the time of now
 * @returns the lines for the terminal
 */
export function renderChangedSchedule(schedule: ScheduleObject, now: Date): readonly string[] {
  const { generator, timezone, task, id } = schedule;
  return [
    `${pc.green("✔")} ${pc.bold(scheduleName(schedule))}  ${id}`,
    `  ${task}: ${generator.description}, ${timezone}`,
    schedule.active ? `  next ${nextOf(schedule, now)}` : `  ${pc.yellow("not active")}`,
  ];
}

/**
 * That a schedule is gone.
 *
 * @param schedule - as it was
 * @returns the lines for the terminal
 */
export function renderDeletedSchedule(schedule: ScheduleObject): readonly string[] {
  return [`${pc.green("✔")} ${pc.bold(scheduleName(schedule))} is deleted; its runs stay.`];
}

function nextOf({ active, nextRun }: ScheduleObject, now: Date): string {
  if (!active) return pc.yellow("not active");
  if (nextRun === null) return nothing;
  const at = new Date(nextRun);
  return `${timeFromNow(at, now)}  ${pc.dim(dateAndTime(at))}`;
}

function kindOf({ type }: ScheduleObject): string {
  return type === "DECLARATIVE" ? "in code" : "by call";
}
