import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Watches for connections on which nothing was asked yet: clients open some ahead, and to a server that closes they are neither idle nor
 * busy.
 *
 * @param server - the server, not yet listening
 * @returns closes those that there are
 */
export function watchUnusedConnections(server: Server): () => void {
  const unused = new Set<Socket>();
  const use = (request: IncomingMessage) => void unused.delete(request.socket);
  server.on("connection", (socket) => {
    unused.add(socket);
    socket.once("close", () => unused.delete(socket));
  });
  server.on("request", use).on("upgrade", use);
  return () => {
    for (const socket of unused) socket.destroy();
  };
}
