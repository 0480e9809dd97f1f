import { removedScheduleSchema, scheduleSchema } from "@pawl/contract/api/answers/schedules";
import { createScheduleBodySchema, type ScheduleObject, updateScheduleBodySchema } from "@pawl/contract/api/schedules";
import type { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import type { ScheduleRule } from "../../engine/schedule-ports.ts";
import type { Route } from "../route.ts";
import { changedSchedule, requireRemoved } from "../schedule-view.ts";
import { idInPath, parse, pathPart, refuseNul } from "../validation.ts";

/**
 * `POST /api/v1/schedules`: makes a schedule, or makes the one with the same key what the body says.
 *
 * @param engine - makes it
 * @returns the route
 */
export function createScheduleRoute(engine: Engine): Route {
  return {
    method: "POST",
    path: "/api/v1/schedules",
    accepts: "environment_key",
    document: {
      summary: "Create a schedule",
      tag: "Schedules",
      description: "The one with the same `deduplicationKey` becomes what the body says.",
      body: createScheduleBodySchema,
      answers: { 200: scheduleSchema },
      example: {
        body: { task: "report.daily", cron: "0 7 * * *", timezone: "Europe/Rome", deduplicationKey: "customer_17" },
      },
    },
    async answer(request, _reply, { environment }): Promise<ScheduleObject> {
      const { deduplicationKey, ...rule } = parse(createScheduleBodySchema, request.body ?? {}, "body");
      refuseNul(deduplicationKey, "deduplicationKey");
      const outcome = await engine.createSchedule(environment.id, { ...ruleOf(rule), deduplicationKey });
      return changedSchedule(environment, "", outcome);
    },
  };
}

/**
 * `PUT /api/v1/schedules/:scheduleId`: makes a schedule that a call made what the body says.
 *
 * @param engine - changes it
 * @returns the route
 */
export function updateScheduleRoute(engine: Engine): Route {
  return {
    method: "PUT",
    path: "/api/v1/schedules/:scheduleId",
    accepts: "environment_key",
    document: {
      summary: "Change a schedule",
      tag: "Schedules",
      body: updateScheduleBodySchema,
      answers: { 200: scheduleSchema },
    },
    async answer(request, _reply, { environment }): Promise<ScheduleObject> {
      const id = idInPath(request, "scheduleId", "sched");
      const rule = ruleOf(parse(updateScheduleBodySchema, request.body ?? {}, "body"));
      const outcome = await engine.updateSchedule(environment.id, id, rule);
      return changedSchedule(environment, pathPart(request, "scheduleId"), outcome);
    },
  };
}

/**
 * `POST /api/v1/schedules/:scheduleId/activate` and `…/deactivate`: lets a schedule fire, or keeps it from that.
 *
 * @param engine - changes it
 * @param verb - the last part of the path
 * @returns the route
 */
export function switchScheduleRoute(engine: Engine, verb: "activate" | "deactivate"): Route {
  return {
    method: "POST",
    path: `/api/v1/schedules/:scheduleId/${verb}`,
    accepts: "environment_key",
    document: {
      summary: `${verb === "activate" ? "Activate" : "Deactivate"} a schedule`,
      tag: "Schedules",
      answers: { 200: scheduleSchema },
    },
    async answer(request, _reply, { environment }): Promise<ScheduleObject> {
      const id = idInPath(request, "scheduleId", "sched");
      const outcome = await engine.setScheduleActive(environment.id, id, verb === "activate");
      return changedSchedule(environment, pathPart(request, "scheduleId"), outcome);
    },
  };
}

/**
 * `DELETE /api/v1/schedules/:scheduleId`: removes a schedule that a call made.
 *
 * @param engine - removes it
 * @returns the route
 */
export function removeScheduleRoute(engine: Engine): Route {
  return {
    method: "DELETE",
    path: "/api/v1/schedules/:scheduleId",
    accepts: "environment_key",
    document: { summary: "Remove a schedule", tag: "Schedules", answers: { 200: removedScheduleSchema } },
    async answer(request, _reply, { environment }): Promise<{ readonly id: string }> {
      const id = pathPart(request, "scheduleId");
      requireRemoved(id, await engine.removeSchedule(environment.id, idInPath(request, "scheduleId", "sched")));
      return { id };
    },
  };
}

/** What a body leaves out has its default. */
function ruleOf(body: z.infer<typeof updateScheduleBodySchema>): ScheduleRule {
  for (const [field, text] of Object.entries(body)) refuseNul(text ?? "", field);
  return {
    taskId: body.task,
    cron: body.cron,
    timezone: body.timezone ?? "UTC",
    window: body.window ?? null,
    externalId: body.externalId ?? null,
    catchUp: body.catchUp ?? "skip",
    overlap: body.overlap ?? "allow",
  };
}
