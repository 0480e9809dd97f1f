import { moments } from "@pawl/contract/moments";
import {
  type CallAnswer,
  type HostMessage,
  hostMessageSchema,
  type ServerMessage,
  workerProtocolVersion,
} from "@pawl/contract/worker-protocol";
import type { RawData, WebSocket } from "ws";
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import type { HostLink, HostSession } from "../../engine/host-link.ts";
import type { Environment } from "../../engine/ports.ts";
import { ApiError, type Bug, toApiError } from "../errors.ts";
import { parse } from "../validation.ts";
import { callsFrameSchema, readCalls } from "./call-reader.ts";
import { toInternalIds, toPublicIds } from "./message-ids.ts";

/** What a connection needs to serve its host. */
export interface HostConnectionSettings {
  readonly engine: Engine;
  readonly environment: Environment;
  readonly tokenAccess: HostLink["tokenAccess"];
  /** The server's version, for hosts that do not fit. */
  readonly version: string;
  readonly reportBug: (bug: Bug) => void;
}

/** One WebSocket of a worker host. */
export interface HostConnection {
  /** Pings a peer that sent nothing since the last call, and ends one that left three pings unanswered. */
  checkPeer(): void;
  /** Asks the host to connect again, to this server or another. */
  sendAway(): void;
  /** Ends the connection without waiting for the host. */
  terminate(): void;
}

// WebSocket close codes: the server restarts; the peer broke the rules.
const serviceRestart = 1012;
const policyViolation = 1008;
const maxUnansweredPings = 3;

/**
 * Serves an open WebSocket: the engine gets a session with the first message, which must be a `hello` in this server's
 * protocol, and every later message parsed and with UUIDs. A message that can't be read is a bug of the host: it is told why
 * and the connection ends.
 *
 * @param socket - the open WebSocket
 * @param settings - what the connection needs
 * @returns the connection
 */
export function serveHost(socket: WebSocket, settings: HostConnectionSettings): HostConnection {
  let session: HostSession | null = null;
  let wasHeard = true;
  let unansweredPings = 0;

  const link: HostLink = {
    environment: settings.environment,
    tokenAccess: settings.tokenAccess,
    get isOpen() {
      return socket.readyState === socket.OPEN;
    },
    send(message: ServerMessage) {
      moments.messageSent.publish(message);
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(toPublicIds(message)));
    },
    close: () => socket.close(serviceRestart),
  };

  function refuse(reason: string): void {
    link.send({ type: "refused", reason });
    socket.close(policyViolation);
  }

  function receive(data: RawData): void {
    wasHeard = true;
    if (socket.readyState !== socket.OPEN) return;
    try {
      const { message, refused } = readMessage(data, settings);
      moments.messageReceived.publish(message);
      if (session === null) {
        if (message.type !== "hello") throw new ApiError("invalid_request", "The first message must be a hello.");
        session = settings.engine.openHost(link);
      }
      if (refused.length > 0) link.send({ type: "answers", answers: [...refused] });
      if (message.type !== "calls" || message.calls.length > 0) session.receive(message);
    } catch (error) {
      refuse(toApiError(error, "worker message", settings.reportBug).message);
    }
  }

  socket.on("message", receive);
  socket.on("pong", () => {
    unansweredPings = 0;
    session?.alive();
  });
  socket.on("error", () => socket.terminate()); // "close" follows
  socket.on("close", () => session?.closed());

  return {
    checkPeer() {
      if (wasHeard) {
        wasHeard = false;
        unansweredPings = 0;
      } else if (unansweredPings < maxUnansweredPings) {
        unansweredPings++;
        socket.ping();
      } else socket.terminate();
    },
    sendAway: () => socket.close(serviceRestart, "the server restarts"),
    terminate: () => socket.terminate(),
  };
}

const [helloSchema, reportSchema, , capacitySchema] = hostMessageSchema.options;
const frameSchema = z.discriminatedUnion("type", [helloSchema, reportSchema, callsFrameSchema, capacitySchema]);

/** A message for the engine, and the answers to calls that it is not to see. */
interface ReadMessage {
  readonly message: HostMessage;
  readonly refused: readonly CallAnswer[];
}

function readMessage(
  data: RawData,
  { version, environment }: Pick<HostConnectionSettings, "version" | "environment">,
): ReadMessage {
  let value: unknown;
  try {
    value = JSON.parse(data.toString());
  } catch (cause) {
    throw new ApiError("invalid_json", "The message is not valid JSON.", undefined, { cause });
  }
  const mismatch = protocolMismatch(value, version);
  if (mismatch !== null) throw new ApiError("invalid_request", mismatch);
  const frame = parse(frameSchema, value, "message");
  if (frame.type === "calls") return readCalls(frame, environment);
  return { message: toInternalIds(frame), refused: [] };
}

/** Judged before anything else: a hello of another protocol may look different in every other field. */
function protocolMismatch(value: unknown, version: string): string | null {
  if (typeof value !== "object" || value === null || !("type" in value) || value.type !== "hello") return null;
  const protocol = "protocol" in value ? value.protocol : undefined;
  if (protocol === workerProtocolVersion || typeof protocol !== "number") return null;
  const advice =
    protocol < workerProtocolVersion
      ? `upgrade the worker's @pawl packages to ${version}, the server's version`
      : `upgrade the server, which has version ${version}, to the worker's version`;
  return `The worker speaks protocol ${protocol} and the server protocol ${workerProtocolVersion}: ${advice}.`;
}
