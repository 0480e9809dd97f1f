import type { Server } from "node:http";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { devSocketPath, openDevSockets } from "../dev-worker/dev-sockets.ts";
import { createAuthenticator } from "./authentication.ts";
import { allowBrowsers } from "./cors.ts";
import { ApiError, type Bug, requestName, sendError, toApiError } from "./errors.ts";
import { openWorkerGateway } from "./gateway/worker-gateway.ts";
import { createPersonAuthenticator } from "./person-authentication.ts";
import { leaveBodiesUnread, parseBodiesAsJson } from "./request-body.ts";
import { addRoute } from "./route.ts";
import { type RouteSettings, routes } from "./routes/all-routes.ts";
import { watchUnusedConnections } from "./unused-connections.ts";

/** How long requests in flight may take when the server closes. */
const closeGraceMs = 10_000;

/** How long a request may come in: chunks of a stream come for as long as their run gives them. */
const longestRequestMs = 24 * 3_600_000;

/** Bodies are checked by the contract's schemas, and no route declares one of Fastify's: its compilers are not even loaded. */
const noCompiler = (): never => {
  throw new Error("A route declares a schema of Fastify's; parse with the contract's instead.");
};
const withoutSchemas = { compilersFactory: { buildValidator: () => noCompiler, buildSerializer: () => noCompiler } };

/** What the API is made of. */
export interface ApiSettings extends RouteSettings {
  /** Told of errors that are nobody's input; default: a line on stderr. */
  readonly reportBug?: (bug: Bug) => void;
}

/**
 * Makes the HTTP API and the gateway of worker hosts. Closing it closes the hosts' WebSockets with code 1012, so that they
 * connect again, and lets requests in flight end.
 *
 * @param settings - the engine and the stores that it reads
 * @returns the app, not yet listening
 * @example
 * ```ts
 * const api = createApi({ engine, environments, runs, batches, waits, queues, invariants, telemetry, versions, version: "0.1.0" });
 * await api.listen({ host: "127.0.0.1", port: 0 });
 * ```
 */
export function createApi(settings: ApiSettings): FastifyInstance {
  const reportBug = settings.reportBug ?? printBug;
  const authenticator = createAuthenticator(settings.environments);
  const authenticators = { ...authenticator, ...createPersonAuthenticator({ ...settings, authenticator }) };
  const app = Fastify({
    logger: false,
    forceCloseConnections: "idle",
    requestTimeout: longestRequestMs,
    schemaController: withoutSchemas,
    routerOptions: { maxParamLength: 1_000, ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => {
      sendError(reply, toApiError(error, requestName(request), reportBug));
    },
  });
  app.decorateRequest("caller", null);
  app.decorateRequest("person", null);
  allowBrowsers(app);
  answerErrors(app, reportBug);
  parseBodiesAsJson(app);
  const all = routes(settings);
  for (const route of all) if (!route.isBodyStreamed) addRoute(app, route, authenticators);
  app.register(async (streaming) => {
    leaveBodiesUnread(streaming);
    for (const route of all) if (route.isBodyStreamed) addRoute(streaming, route, authenticators);
  });
  const sockets = openDevSockets({ authenticator, polledHosts: settings.polledHosts });
  const others = { path: devSocketPath, upgrade: sockets.upgrade };
  const gateway = openWorkerGateway(app.server, { ...settings, authenticator, reportBug, others });
  const closeUnused = watchUnusedConnections(app.server);
  app.addHook("preClose", async () => {
    settings.shapes.close();
    settings.streams.close();
    settings.presence.close();
    settings.polledHosts.close();
    closeUnused();
    endConnections(app.server);
    await Promise.all([gateway.close(), sockets.close()]);
  });
  return app;
}

/** Connections end with the request in flight on them; one that takes too long is cut. */
function endConnections(server: Server): void {
  server.keepAliveTimeout = 1;
  server.keepAliveTimeoutBuffer = 0;
  setTimeout(() => server.closeAllConnections(), closeGraceMs).unref();
}

function answerErrors(app: FastifyInstance, reportBug: (bug: Bug) => void): void {
  app.setErrorHandler((error, request, reply) => sendError(reply, toApiError(error, requestName(request), reportBug)));
  app.addHook("onRequest", (request, _reply, done) => {
    // Before the body is read: a broken body matters only where there is a route.
    if (!request.is404) return done(refusedAddress(request));
    done(new ApiError("not_found", `There is no route ${requestName(request)}. Check the path and the method.`));
  });
}

/** Postgres holds no NUL; nothing that an address could name has one. */
function refusedAddress(request: FastifyRequest): ApiError | undefined {
  if (!request.url.includes("%00")) return undefined;
  const parts = Object.entries({ ...(request.params as object), ...(request.query as object) }); // the router makes nothing else
  const name = parts.find(([, value]) => String(value).includes("\0"))?.[0] ?? "path";
  return new ApiError("unprocessable", `${name}: contains the character NUL (U+0000). Remove it.`, name);
}

function printBug({ reference, request, error }: Bug): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(`error ${reference} in ${request}: ${text}`);
}
