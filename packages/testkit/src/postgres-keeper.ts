import { readdir, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { startEmbeddedPostgres } from "@pawl/server/store/embedded/embedded-postgres";
import { meetingPlace } from "./shared-postgres.ts";

// The process that runs the Postgres of a test run. Each test process holds one connection to it; when there has been none
// for a while it ends Postgres, removes its data and ends.

const lingerMs = 3_000;

// Tests lose nothing worth keeping when the machine dies.
const settings = ["fsync=off", "full_page_writes=off", "max_connections=300", "wal_level=minimal", "max_wal_senders=0"];

const place = await meetingPlace();
await removeLeftovers();
const dataDir = join(place.folder, String(process.pid));
const postgres = await startEmbeddedPostgres({ dataDir, settings, onRestart: (message) => console.error(message) });

let users = 0;
let linger: NodeJS.Timeout | undefined;
const server = createServer((socket) => {
  users += 1;
  clearTimeout(linger);
  socket.on("error", () => undefined); // "close" follows
  socket.on("close", () => {
    users -= 1;
    if (users === 0) wait();
  });
  socket.resume();
  socket.write(`${postgres.url}\n`);
});
await listen();
wait();

/** Two keepers may be started at once: the one that finds the other alive leaves. */
async function listen(): Promise<void> {
  if (await isAlive()) return end();
  await rm(place.socket, { force: true });
  server.listen(place.socket);
}

function isAlive(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(place.socket);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

function wait(): void {
  linger = setTimeout(() => void end(), lingerMs);
}

async function end(): Promise<void> {
  clearTimeout(linger);
  if (server.listening) {
    // Nobody may come in between: closing removes the socket first.
    server.close();
  }
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
  process.exit(0);
}

async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(place.folder)) {
    if (/^\d+$/.test(name) && !isRunning(Number(name)))
      await rm(join(place.folder, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
