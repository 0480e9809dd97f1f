import type { FastifyInstance } from "fastify";
import { ApiError } from "./errors.ts";
import { readJson } from "./json-text.ts";

/**
 * Reads every body as JSON, whatever its content type says: published clients send JSON as text/plain. An empty body is
 * `undefined`.
 *
 * @param app - the app whose routes take JSON
 */
export function parseBodiesAsJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => {
    if (body === "") return done(null, undefined);
    const read = readJson(body.toString());
    if (read.kind === "refused") return done(new ApiError("invalid_json", `The body ${read.detail}.`), undefined);
    done(null, read.value);
  });
}

/**
 * Leaves bodies alone, so that a route can read them as they come.
 *
 * @param app - the part of the app whose routes read streams
 */
export function leaveBodiesUnread(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _body, done) => done(null, undefined));
}
