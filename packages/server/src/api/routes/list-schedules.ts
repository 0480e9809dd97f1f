import { scheduleListSchema, scheduleSchema } from "@pawl/contract/api/answers/schedules";
import { listSchedulesQuerySchema, type ScheduleList, type ScheduleObject } from "@pawl/contract/api/schedules";
import type { ScheduleReader } from "../../engine/schedule-ports.ts";
import type { Route } from "../route.ts";
import { scheduleObject } from "../schedule-view.ts";
import { idInPath, notFound, parse, pathPart } from "../validation.ts";

/**
 * `GET /api/v1/schedules`: the schedules of an environment, in numbered pages.
 *
 * @param schedules - reads schedules
 * @returns the route
 */
export function listSchedulesRoute(schedules: ScheduleReader): Route {
  return {
    method: "GET",
    path: "/api/v1/schedules",
    accepts: "environment_key",
    document: {
      summary: "List schedules",
      tag: "Schedules",
      query: listSchedulesQuerySchema,
      answers: { 200: scheduleListSchema },
    },
    async answer(request, _reply, { environment }): Promise<ScheduleList> {
      const { page, perPage } = parse(listSchedulesQuerySchema, request.query, "query");
      const found = await schedules.list(environment.id, { offset: (page - 1) * perPage, size: perPage });
      return {
        data: found.schedules.map((schedule) => scheduleObject(environment, schedule)),
        pagination: { currentPage: page, totalPages: Math.ceil(found.count / perPage), count: found.count },
      };
    },
  };
}

/**
 * `GET /api/v1/schedules/:scheduleId`: a schedule.
 *
 * @param schedules - reads schedules
 * @returns the route
 */
export function retrieveScheduleRoute(schedules: ScheduleReader): Route {
  return {
    method: "GET",
    path: "/api/v1/schedules/:scheduleId",
    accepts: "environment_key",
    document: { summary: "Retrieve a schedule", tag: "Schedules", answers: { 200: scheduleSchema } },
    async answer(request, _reply, { environment }): Promise<ScheduleObject> {
      const schedule = await schedules.retrieve(environment.id, idInPath(request, "scheduleId", "sched"));
      if (schedule === null) throw notFound("schedule", pathPart(request, "scheduleId"));
      return scheduleObject(environment, schedule);
    },
  };
}
