import { timezonesAnswerSchema } from "@pawl/contract/api/answers/schedules";
import { type TimezonesAnswer, timezonesQuerySchema } from "@pawl/contract/api/schedules";
import { timeZones } from "../../engine/schedules/time-zones.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

/**
 * `GET /api/v1/timezones`: the time zones that a schedule can have. Published clients ask without a key.
 *
 * @returns the route
 */
export function listTimezonesRoute(): Route {
  return {
    method: "GET",
    path: "/api/v1/timezones",
    accepts: "anyone",
    document: {
      summary: "List time zones",
      tag: "Schedules",
      query: timezonesQuerySchema,
      answers: { 200: timezonesAnswerSchema },
    },
    answer(request): TimezonesAnswer {
      const { excludeUtc } = parse(timezonesQuerySchema, request.query, "query");
      return { timezones: excludeUtc === "true" ? timeZones().filter((name) => name !== "UTC") : timeZones() };
    },
  };
}
