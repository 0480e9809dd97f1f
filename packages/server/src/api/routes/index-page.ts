import type { Route } from "../route.ts";

/**
 * `GET /`: tells a person who opens the server's address in a browser what it is.
 *
 * @param version - the server's version
 * @returns the route
 */
export function indexPageRoute(version: string): Route {
  return {
    method: "GET",
    path: "/",
    accepts: "anyone",
    answer(_request, reply) {
      return reply.header("content-type", "text/plain; charset=utf-8").send(indexPage(version));
    },
  };
}

function indexPage(version: string): string {
  return `This is a Pawl server, version ${version}. It has no dashboard yet: look at runs with "pawl runs".\n`;
}
