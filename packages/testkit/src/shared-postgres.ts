import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const keeperFile = fileURLToPath(new URL("./postgres-keeper.ts", import.meta.url));
const keeperTimeoutMs = 60_000;

/** Where the test processes of one checkout and one user find their Postgres. */
export interface MeetingPlace {
  readonly folder: string;
  readonly socket: string;
}

/**
 * Names the meeting place of this checkout.
 *
 * @returns its paths; the folder exists and belongs to this user alone
 */
export async function meetingPlace(): Promise<MeetingPlace> {
  const { uid } = userInfo();
  const checkout = createHash("sha256").update(keeperFile).digest("hex").slice(0, 8);
  const folder = join(tmpdir(), `pawl-test-${uid}-${checkout}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await stat(folder)).uid !== uid) throw new Error(`${folder} belongs to another user: remove it`);
  return { folder, socket: join(folder, "keeper.sock") };
}

let url: Promise<string> | undefined;

/**
 * The Postgres of this test run: the one that `PAWL_TEST_DATABASE_URL` names, or an embedded one that all test processes share.
 * A keeper process runs it, which ends by itself soon after the last test process.
 *
 * @returns the URL of its database for administration
 */
export function sharedPostgres(): Promise<string> {
  url ??= process.env.PAWL_TEST_DATABASE_URL ? Promise.resolve(process.env.PAWL_TEST_DATABASE_URL) : joinKeeper();
  return url;
}

async function joinKeeper(): Promise<string> {
  const place = await meetingPlace();
  const deadline = Date.now() + keeperTimeoutMs;
  let keeper: Keeper | undefined;
  while (Date.now() < deadline) {
    const answer = await ask(place.socket);
    if (answer !== null) return answer;
    keeper ??= await startKeeper(place);
    if (keeper.hasEnded())
      throw new Error(`the keeper of the tests' Postgres ended:\n${await readFile(keeper.log, "utf8")}`);
    await delay(20);
  }
  throw new Error(`no Postgres for tests within ${keeperTimeoutMs} ms; see ${place.folder}`);
}

interface Keeper {
  readonly log: string;
  hasEnded(): boolean;
}

async function startKeeper(place: MeetingPlace): Promise<Keeper> {
  const path = join(place.folder, "keeper.log");
  const log = await open(path, "w");
  const child = spawn(process.execPath, ["--conditions=@pawl/source", keeperFile], {
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  child.unref();
  await log.close();
  return { log: path, hasEnded: () => child.exitCode !== null };
}

/** The connection stays open for as long as this process lives: by it the keeper counts its users. */
function ask(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket: Socket = connect(path);
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      answer += text;
      if (!answer.endsWith("\n")) return;
      socket.unref();
      resolve(answer.trim());
    });
    socket.on("error", () => resolve(null));
    socket.on("close", () => resolve(null));
  });
}
