import { z } from "zod";
import { apiDocument } from "../openapi/api-document.ts";
import type { Route } from "../route.ts";

/**
 * `GET /api/openapi.json`: what this API takes and answers, in OpenAPI 3.1. It is written when it is asked for first.
 *
 * @param others - the routes that it describes, besides itself
 * @param version - the server's version
 * @returns the route
 */
export function openApiRoute(others: readonly Route[], version: string): Route {
  let text: string | null = null;
  const route: Route = {
    method: "GET",
    path: "/api/openapi.json",
    accepts: "anyone",
    document: {
      summary: "Get this document",
      tag: "Server",
      answers: { 200: z.looseObject({ openapi: z.string() }) },
    },
    answer(_request, reply) {
      text ??= JSON.stringify(apiDocument([...others, route], version));
      return reply.header("content-type", "application/json; charset=utf-8").send(text);
    },
  };
  return route;
}
