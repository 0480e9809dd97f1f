import { healthSchema } from "@pawl/contract/api/answers/access";
import type { Route } from "../route.ts";

/**
 * `GET /healthz`: tells that the process answers; it asks nothing of the database.
 *
 * @param version - the server's version
 * @returns the route
 */
export function healthRoute(version: string): Route {
  return {
    method: "GET",
    path: "/healthz",
    accepts: "anyone",
    document: {
      summary: "Tell that the server answers",
      tag: "Server",
      description: "It asks nothing of the database.",
      answers: { 200: healthSchema },
    },
    answer: () => ({ status: "ok", version }),
  };
}
