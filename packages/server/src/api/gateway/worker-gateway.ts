import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { apiErrors } from "@pawl/contract/errors";
import { toPublicId } from "@pawl/contract/ids";
import { workerConnectPath } from "@pawl/contract/worker-protocol";
import { type WebSocket, WebSocketServer } from "ws";
import type { Engine } from "../../engine/engine.ts";
import type { Authenticator, Caller } from "../authentication.ts";
import { ApiError, type Bug, errorBody, toApiError } from "../errors.ts";
import { publicUrlOf, tokenLifeS } from "../token-url.ts";
import { type HostConnection, serveHost } from "./host-connection.ts";

/** What the gateway needs. */
export interface WorkerGatewaySettings {
  readonly engine: Engine;
  readonly authenticator: Authenticator;
  readonly version: string;
  readonly reportBug: (bug: Bug) => void;
  /** Other sockets of the same server, which begin with a path of their own. */
  readonly others?: { readonly path: string; upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void };
  /** How often silent peers are pinged, in milliseconds; default 2,500. */
  readonly checkEveryMs?: number;
}

/** The WebSockets of all worker hosts connected to this server. */
export interface WorkerGateway {
  /** Refuses new connections and closes all with the code that means "connect again". Safe twice. */
  close(): Promise<void>;
}

/** Outputs travel inside reports. */
const maxMessageBytes = 16 * 1024 * 1024;
/** How long a host may take to answer a close. */
const closeGraceMs = 1_000;

/**
 * Accepts worker hosts at `/worker/v1/connect`, with an environment's key. Whoever may not connect is told by HTTP.
 *
 * @param server - the HTTP server of the API
 * @param settings - what the gateway needs
 * @returns the gateway
 */
export function openWorkerGateway(server: Server, settings: WorkerGatewaySettings): WorkerGateway {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: maxMessageBytes });
  const connections = new Map<WebSocket, HostConnection>();
  let isClosing = false;

  function connect(socket: WebSocket, caller: Caller, publicUrl: string): void {
    const { environment } = caller;
    const tokenAccess = (waitpointId: string) => ({
      url: caller.callbackUrl(publicUrl, waitpointId),
      publicAccessToken: caller.signPublicToken(`write:waitpoints:${toPublicId("waitpoint", waitpointId)}`, tokenLifeS),
    });
    connections.set(socket, serveHost(socket, { ...settings, environment, tokenAccess }));
    socket.on("close", () => connections.delete(socket));
  }

  async function admit(request: IncomingMessage): Promise<Caller | ApiError> {
    const path = request.url?.split("?", 1)[0];
    if (path !== workerConnectPath) return new ApiError("not_found", `There is no WebSocket at ${path}.`);
    if (isClosing) return new ApiError("unavailable", "The server is stopping. Connect again in a moment.");
    try {
      return await settings.authenticator.authenticate(request.headers.authorization);
    } catch (error) {
      return toApiError(error, `upgrade ${path}`, settings.reportBug);
    }
  }

  async function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const { others } = settings;
    if (others !== undefined && request.url?.startsWith(others.path) === true && !isClosing) {
      others.upgrade(request, stream, head);
      return;
    }
    const ignoreError = () => undefined; // a peer that leaves before it is answered
    stream.on("error", ignoreError);
    const admitted = await admit(request);
    if (admitted instanceof ApiError) return refuse(stream, admitted);
    stream.off("error", ignoreError);
    sockets.handleUpgrade(request, stream, head, (socket) => connect(socket, admitted, publicUrlOf(request)));
  }

  server.on("upgrade", upgrade);
  const timer = setInterval(() => {
    for (const connection of connections.values()) connection.checkPeer();
  }, settings.checkEveryMs ?? 2_500);
  timer.unref();

  return {
    async close() {
      isClosing = true;
      clearInterval(timer);
      if (connections.size === 0) return;
      const closed = [...connections.keys()].map(
        (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())),
      );
      for (const connection of connections.values()) connection.sendAway();
      const grace = new AbortController();
      await Promise.race([
        Promise.all(closed),
        delay(closeGraceMs, undefined, { signal: grace.signal }).catch(() => undefined),
      ]);
      grace.abort();
      for (const connection of connections.values()) connection.terminate();
      await Promise.all(closed);
    },
  };
}

function refuse(stream: Duplex, error: ApiError): void {
  const { status, isRetryable } = apiErrors[error.code];
  const body = JSON.stringify(errorBody(error));
  stream.end(
    [
      `HTTP/1.1 ${status} ${error.code}`,
      "content-type: application/json; charset=utf-8",
      `content-length: ${Buffer.byteLength(body)}`,
      `x-should-retry: ${isRetryable}`,
      "connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}
