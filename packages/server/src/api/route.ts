import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from "fastify";
import type { Authenticator, Caller } from "./authentication.ts";
import { ApiError } from "./errors.ts";
import type { RouteDocument } from "./route-document.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set before the body is read, on routes that accept a key. */
    caller: Caller | null;
  }
}

interface RouteBase {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** The longest body, in bytes; default 1 MiB. */
  readonly bodyLimit?: number;
  /** Whether the route reads its body itself, as it comes. */
  readonly isBodyStreamed?: boolean;
  /** What the API's document says of it; routes of Pawl's own workers and pages have none. */
  readonly document?: RouteDocument;
}

/** A route that needs no credential. */
export interface OpenRoute extends RouteBase {
  readonly accepts: "anyone";
  answer(request: FastifyRequest, reply: FastifyReply): unknown;
}

/** A route for holders of an environment's secret key; everything it does stays in that environment. */
export interface EnvironmentRoute extends RouteBase {
  readonly accepts: "environment_key";
  answer(request: FastifyRequest, reply: FastifyReply, caller: Caller): unknown;
}

/**
 * A route for holders of the secret key, or of a public token: it has to ask `requireScope` before it does or tells anything.
 */
export interface PublicTokenRoute extends RouteBase {
  readonly accepts: "public_token";
  answer(request: FastifyRequest, reply: FastifyReply, caller: Caller): unknown;
}

/** One route and the credentials that it takes. What `answer` returns, or resolves to, is sent. */
export type Route = OpenRoute | EnvironmentRoute | PublicTokenRoute;

/**
 * Adds a route to the app.
 *
 * @param app - the app, or the part of it whose body parser fits the route
 * @param route - the route
 * @param authenticator - finds the caller where the route asks for one
 */
export function addRoute(app: FastifyInstance, route: Route, authenticator: Authenticator): void {
  const base = {
    method: route.method,
    url: route.path,
    ...(route.bodyLimit === undefined ? {} : { bodyLimit: route.bodyLimit }),
  };
  if (route.accepts === "anyone") {
    app.route({ ...base, handler: (request, reply) => route.answer(request, reply) });
    return;
  }
  app.route({
    ...base,
    // Before the body is read: a stranger's megabytes are not parsed.
    onRequest: authenticateWith(
      route.accepts === "public_token" ? authenticator.authenticatePublic : authenticator.authenticate,
    ),
    handler(request, reply) {
      if (request.caller === null) throw new Error("a route was reached without its caller");
      return route.answer(request, reply, request.caller);
    },
  });
}

function authenticateWith(authenticate: Authenticator["authenticate"]): onRequestHookHandler {
  return (request, _reply, done) => {
    const enter = (found: Caller | ApiError): void => {
      if (found instanceof ApiError) {
        done(found);
      } else {
        request.caller = found;
        done();
      }
    };
    const found = authenticate(request.headers.authorization);
    if (found instanceof Promise) found.then(enter, done);
    else enter(found);
  };
}
