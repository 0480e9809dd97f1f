import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from "fastify";
import type { PersonalToken } from "../engine/personal-token-ports.ts";
import type { Authenticator, Caller } from "./authentication.ts";
import { ApiError } from "./errors.ts";
import type { PersonAuthenticator } from "./person-authentication.ts";
import type { RouteDocument } from "./route-document.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set before the body is read, on routes that accept a key. */
    caller: Caller | null;
    /** The same, on routes for people. */
    person: PersonalToken | null;
  }
}

interface RouteBase {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** The longest body, in bytes; default 1 MiB. */
  readonly bodyLimit?: number;
  /** Whether the route reads its body itself, as it comes. */
  readonly isBodyStreamed?: boolean;
  /** What the API's document says of it. Only routes for worker hosts, and pages, have none; a test holds this. */
  readonly document?: RouteDocument;
}

/** A route that needs no credential. */
export interface OpenRoute extends RouteBase {
  readonly accepts: "anyone";
  /** Refuses whom the address does not let in, before the body is read; default: nobody is refused. */
  readonly admit?: (request: FastifyRequest) => Promise<ApiError | null>;
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

/**
 * A route for holders of the secret key, or of a personal token that opens the environment `:slug` of the project `:ref` in its
 * path.
 */
export interface ProjectRoute extends RouteBase {
  readonly accepts: "project_key";
  answer(request: FastifyRequest, reply: FastifyReply, caller: Caller): unknown;
}

/** A route for holders of a personal token. */
export interface PersonalRoute extends RouteBase {
  readonly accepts: "personal_token";
  answer(request: FastifyRequest, reply: FastifyReply, person: PersonalToken): unknown;
}

/** One route and the credentials that it takes. What `answer` returns, or resolves to, is sent. */
export type Route = OpenRoute | EnvironmentRoute | PublicTokenRoute | ProjectRoute | PersonalRoute;

/** What finds callers. */
export type Authenticators = Authenticator & PersonAuthenticator;

/**
 * Adds a route to the app.
 *
 * @param app - the app, or the part of it whose body parser fits the route
 * @param route - the route
 * @param authenticators - find the caller where the route asks for one
 */
export function addRoute(app: FastifyInstance, route: Route, authenticators: Authenticators): void {
  const base = {
    method: route.method,
    url: route.path,
    ...(route.bodyLimit === undefined ? {} : { bodyLimit: route.bodyLimit }),
  };
  if (route.accepts === "anyone") {
    const { admit } = route;
    const guard = admit === undefined ? {} : { onRequest: admitting(admit, () => undefined) };
    app.route({ ...base, ...guard, handler: (request, reply) => route.answer(request, reply) });
    return;
  }
  if (route.accepts === "personal_token") {
    app.route({
      ...base,
      onRequest: admitting(
        ({ headers }) => authenticators.authenticatePerson(headers.authorization),
        (request, person) => {
          request.person = person;
        },
      ),
      handler: (request, reply) => route.answer(request, reply, found(request.person)),
    });
    return;
  }
  app.route({
    ...base,
    onRequest: admitting(callerOf[route.accepts](authenticators), (request, caller) => {
      request.caller = caller;
    }),
    handler: (request, reply) => route.answer(request, reply, found(request.caller)),
  });
}

type Finder<T> = (request: FastifyRequest) => T | ApiError | Promise<T | ApiError>;

const callerOf: Readonly<
  Record<"environment_key" | "public_token" | "project_key", (authenticators: Authenticators) => Finder<Caller>>
> = {
  environment_key:
    ({ authenticate }) =>
    ({ headers }) =>
      authenticate(headers.authorization),
  public_token:
    ({ authenticatePublic }) =>
    ({ headers }) =>
      authenticatePublic(headers.authorization),
  project_key:
    ({ authenticateFor }) =>
    ({ headers, params }) => {
      const { ref = "", slug = "" } = params as Readonly<Record<string, string>>; // the router makes nothing else
      return authenticateFor(headers.authorization, { ref, slug });
    },
};

/** Comes before the body is read: a stranger's megabytes are not parsed. */
function admitting<T>(find: Finder<T>, admit: (request: FastifyRequest, caller: T) => void): onRequestHookHandler {
  return (request, _reply, done) => {
    const enter = (caller: T | ApiError): void => {
      if (caller instanceof ApiError) {
        done(caller);
      } else {
        admit(request, caller);
        done();
      }
    };
    const caller = find(request);
    if (caller instanceof Promise) caller.then(enter, done);
    else enter(caller);
  };
}

function found<T>(caller: T | null): T {
  if (caller === null) throw new Error("a route was reached without its caller");
  return caller;
}
