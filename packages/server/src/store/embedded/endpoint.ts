import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { ClusterFiles } from "./cluster.ts";

/** Where Postgres listens. */
export interface Endpoint {
  /** Options of the server program. */
  readonly args: readonly string[];
  readonly url: string;
}

const socketPort = 5432; // only the name of the socket: nothing listens on the network
const maxSocketPathBytes = 107; // a limit of the kernel

/**
 * Decides where Postgres listens: on a socket in the data folder, which other users can't reach; where the path is too long
 * for one, on a port of the loopback device, with a password.
 *
 * @param files - of the data folder
 * @returns the endpoint, to be kept for as long as the server lives, so that a restart changes nothing for its clients
 */
export async function chooseEndpoint(files: ClusterFiles): Promise<Endpoint> {
  const socket = join(files.sockets, `.s.PGSQL.${socketPort}`);
  if (Buffer.byteLength(socket) <= maxSocketPathBytes) {
    const folder = `"${files.sockets.replaceAll('"', '""')}"`;
    return {
      args: ["-c", "listen_addresses=", "-c", `unix_socket_directories=${folder}`, "-c", `port=${socketPort}`],
      url: `postgresql://postgres@localhost:${socketPort}/postgres?host=${encodeURIComponent(files.sockets)}`,
    };
  }
  const port = await freePort();
  const password = await readFile(files.password, "utf8");
  return {
    args: ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", `port=${port}`],
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
