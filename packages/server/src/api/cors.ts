import type { FastifyInstance } from "fastify";

/**
 * Lets pages of any origin call the API: it knows its callers by a header, never by a cookie. Every header of an answer is
 * exposed, since clients in browsers read `x-trigger-jwt`.
 *
 * @param app - the app
 */
export function allowBrowsers(app: FastifyInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    if (request.headers.origin !== undefined) {
      reply.raw.setHeader("access-control-allow-origin", "*");
      reply.raw.setHeader("access-control-expose-headers", "*");
    }
    done();
  });
  app.options("*", (request, reply) => {
    const asked = request.headers["access-control-request-headers"];
    return reply
      .code(204)
      .header("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE")
      .header("access-control-allow-headers", asked ?? "authorization, content-type")
      .header("access-control-max-age", "300")
      .send();
  });
}
