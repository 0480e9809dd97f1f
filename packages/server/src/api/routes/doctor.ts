import { doctorReportSchema } from "@pawl/contract/api/answers/access";
import type { DoctorReport } from "@pawl/contract/api/doctor";
import type { InvariantChecker } from "../../engine/read-ports.ts";
import type { Route } from "../route.ts";

/**
 * `GET /api/v1/doctor`: whether the invariants of the store hold at this moment, each within a few seconds.
 *
 * @param invariants - runs them
 * @returns the route
 */
export function doctorRoute(invariants: InvariantChecker): Route {
  return {
    method: "GET",
    path: "/api/v1/doctor",
    accepts: "environment_key",
    document: {
      summary: "Check the invariants",
      tag: "Server",
      description: "What always has to hold of the data, and where it does not.",
      answers: { 200: doctorReportSchema },
    },
    async answer(_request, _reply, { environment }): Promise<DoctorReport> {
      const results = await invariants.check(environment.id);
      return {
        invariants: results.map(({ title, holds, count, rows, durationMs, isTimedOut }) => ({
          title,
          holds,
          rows,
          durationMs,
          ...(isTimedOut ? { skipped: "It took too long to be judged: the database is large or busy." } : { count }),
        })),
        durationMs: results.reduce((total, { durationMs }) => total + durationMs, 0),
      };
    },
  };
}
