import type { ScheduleObject } from "@pawl/contract/api/schedules";
import { toPublicId } from "@pawl/contract/ids";
import type { Environment } from "../engine/ports.ts";
import type { RemoveScheduleOutcome, ScheduleOutcome, ScheduleRecord } from "../engine/schedule-ports.ts";
import { describeCron } from "../engine/schedules/cron.ts";
import { firesAfter } from "../engine/schedules/fire-times.ts";
import { effectiveAt } from "../engine/schedules/fire-window.ts";
import { ApiError } from "./errors.ts";
import { notFound } from "./validation.ts";

/**
 * Renders a schedule.
 *
 * @param environment - that it is in
 * @param schedule - as stored
 * @returns the object of the API
 */
export function scheduleObject(environment: Environment, schedule: ScheduleRecord): ScheduleObject {
  const { window } = schedule;
  const next = comingFire(schedule, new Date());
  return {
    id: toPublicId("sched", schedule.id),
    type: schedule.type === "declarative" ? "DECLARATIVE" : "IMPERATIVE",
    task: schedule.taskId,
    active: schedule.isActive,
    deduplicationKey: schedule.deduplicationKey,
    externalId: schedule.externalId,
    generator: generatorOf(schedule.cron),
    timezone: schedule.timezone,
    ...(window === null ? {} : { window }),
    catchUp: schedule.catchUp,
    overlap: schedule.overlap,
    nextRun: next?.toISOString() ?? null,
    ...(next === null ? {} : { nextRunEffectiveAt: effectiveAt(schedule, next).toISOString() }),
    environments: [{ id: toPublicId("env", environment.id), type: environment.type, userName: null }],
  };
}

/** The next fire that is still to come: where nothing can fire a schedule for a time, its own next one is in the past. */
function comingFire(schedule: ScheduleRecord, now: Date): Date | null {
  const { nextAt, cron, timezone } = schedule;
  if (nextAt === null || effectiveAt(schedule, nextAt) > now) return nextAt;
  return firesAfter(cron, timezone, now, 1)[0] ?? null;
}

/** Renders what makes the times of a schedule. */
export function generatorOf(cron: string): ScheduleObject["generator"] {
  return { type: "CRON", expression: cron, description: describeCron(cron) };
}

/**
 * Renders what became of a schedule that was made or changed.
 *
 * @param environment - that it is in
 * @param id - as the caller gave it; of a new one none
 * @param outcome - the engine's
 * @returns the object of the API
 * @throws ApiError `not_found`, or `unprocessable` with the field that is wrong
 */
export function changedSchedule(environment: Environment, id: string, outcome: ScheduleOutcome): ScheduleObject {
  switch (outcome.kind) {
    case "schedule":
      return scheduleObject(environment, outcome.schedule);
    case "refused":
      throw new ApiError("unprocessable", outcome.reason, outcome.field);
    case "not_found":
      throw notFound("schedule", id);
    case "declared":
      throw declaredError(id, outcome.taskId, "change");
  }
}

/**
 * Makes sure that a schedule was removed.
 *
 * @param id - as the caller gave it
 * @param outcome - the engine's
 * @throws ApiError `not_found`, or `unprocessable` where code declares it
 */
export function requireRemoved(id: string, outcome: RemoveScheduleOutcome): void {
  if (outcome === "removed") return;
  if (outcome === "not_found") throw notFound("schedule", id);
  throw declaredError(id, outcome.taskId, "remove");
}

function declaredError(id: string, taskId: string, verb: "change" | "remove"): ApiError {
  return new ApiError(
    "unprocessable",
    `The schedule ${id} is declared in the code of the task ${taskId}: ${verb} it there. It can be deactivated.`,
  );
}
