import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { fromPublicId, toPublicId } from "@pawl/contract/ids";
import { type DefaultEventsMap, Server, type Socket } from "socket.io";
import { z } from "zod";
import type { Authenticator } from "../api/authentication.ts";
import { ApiError } from "../api/errors.ts";
import type { PolledHosts } from "./polled-hosts.ts";

/** Where the sockets of dev sessions are opened. */
export const devSocketPath = "/socket.io/";

/** A worker that is busy with an older snapshot leaves the word of a newer one unheard: it is said again, in milliseconds. */
const sayAgainAfterMs = 1_000;

/** The most runs that one session follows. */
const maxFollowed = 10_000;

const messageSchema = z.object({ runFriendlyIds: z.array(z.string()).max(maxFollowed) });

/** What sockets need. */
export interface DevSocketSettings {
  readonly authenticator: Pick<Authenticator, "authenticate">;
  readonly polledHosts: PolledHosts;
}

/** The sockets of dev sessions. */
export interface DevSockets {
  /** Takes an upgrade at {@link devSocketPath}. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
  /** Ends all of them; safe twice. */
  close(): Promise<void>;
}

/** What is known of a session's socket. */
interface SocketData {
  environmentId: string;
}

type DevSocket = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketData>;

/**
 * Tells dev sessions of the original at once when something has happened to one of their runs, so that they need not find it with
 * their next poll. Nothing else goes this way, and a session without a socket misses nothing: it hears later.
 *
 * @param settings - what they need
 * @returns the sockets
 */
export function openDevSockets({ authenticator, polledHosts }: DevSocketSettings): DevSockets {
  const io = new Server<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketData>({
    path: devSocketPath,
    serveClient: false,
    transports: ["websocket"],
    destroyUpgrade: false,
    maxHttpBufferSize: 1_000_000,
  });
  const inner = createServer(); // never listens: it hands on the upgrades that are given to it
  io.attach(inner);
  // The namespace that every such server has lets in whoever knocks: it stays shut.
  io.use((_socket, next) => next(new ApiError("not_found", "There is nothing here but /dev-worker.")));
  const sessions = io.of("/dev-worker");
  sessions.use((socket, next) => void admit(authenticator, socket).then(next));
  sessions.on("connection", serve);
  const say = (environmentId: string, runId: string) =>
    sessions.to(roomOf(environmentId, runId)).emit("run:notify", {
      version: "1",
      run: { friendlyId: toPublicId("run", runId) },
    });
  const unlisten = polledHosts.listen((environmentId, runId) => {
    say(environmentId, runId);
    setTimeout(() => say(environmentId, runId), sayAgainAfterMs).unref();
  });
  return {
    upgrade: (request, stream, head) => void inner.emit("upgrade", request, stream, head),
    async close() {
      unlisten();
      await io.close();
    },
  };
}

async function admit(
  authenticator: Pick<Authenticator, "authenticate">,
  socket: DevSocket,
): Promise<Error | undefined> {
  try {
    const caller = await authenticator.authenticate(socket.handshake.headers.authorization);
    if (caller instanceof ApiError) return caller;
    socket.data.environmentId = caller.environment.id;
    return undefined;
  } catch {
    return new ApiError("unavailable", "The server can't look up the key at the moment. Connect again.");
  }
}

function serve(socket: DevSocket): void {
  const roomsOf = (message: unknown): readonly string[] => {
    const ids = messageSchema.safeParse(message).data?.runFriendlyIds ?? [];
    return ids.flatMap((id) => {
      const runId = fromPublicId("run", id);
      return runId === null ? [] : [roomOf(socket.data.environmentId, runId)];
    });
  };
  socket.on("run:subscribe", (message: unknown) => {
    const rooms = roomsOf(message);
    if (socket.rooms.size + rooms.length <= maxFollowed) void socket.join([...rooms]);
  });
  socket.on("run:unsubscribe", (message: unknown) => {
    for (const room of roomsOf(message)) void socket.leave(room);
  });
}

function roomOf(environmentId: string, runId: string): string {
  return `${environmentId} ${runId}`;
}
