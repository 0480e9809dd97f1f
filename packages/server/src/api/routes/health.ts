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
    answer: () => ({ status: "ok", version }),
  };
}
