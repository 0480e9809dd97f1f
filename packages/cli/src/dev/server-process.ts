import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CommandError } from "../command-error.ts";
import { type ServerProcessMessage, serverProcessMessageSchema } from "./server-messages.ts";

/** A server that runs as a child of this process and is started again when it ends by itself. */
export interface ServerProcess {
  /** Stays the same when the server is started again. */
  readonly apiUrl: string;
  /** Of the environment `dev`. */
  readonly secretKey: string;
  /** Asks the server to end, waits for it, and kills it when it does not. Safe twice. */
  stop(): Promise<void>;
}

/** How to start the server, and whom to tell. */
export interface ServerProcessSettings {
  readonly dataDir: string;
  /** 0: a free one. */
  readonly port: number;
  /** Told each time the server ended by itself. */
  readonly onRestart: (reason: string) => void;
  /** Told what the server has to say to its operator. */
  readonly onMessage: (message: string) => void;
}

const entryPath = fileURLToPath(new URL("../../bin/pawl.cjs", import.meta.url));
const execArgv = import.meta.url.endsWith(".ts") ? ["--conditions=@pawl/source"] : [];
const stopTimeoutMs = 15_000;
const firstPauseMs = 250;
const longestPauseMs = 5_000;

/**
 * Starts the server of `pawl dev` as a child process. The child ends when this process does, however that happens, since it
 * watches the channel between the two.
 *
 * @param settings - data folder, port, and whom to tell
 * @returns the server, listening
 * @throws CommandError in one sentence when it can't start
 */
export async function startServerProcess(settings: ServerProcessSettings): Promise<ServerProcess> {
  let isStopping = false;
  let child = spawnServer(settings, settings.port);
  const ready = await readiness(child);
  if (ready.type !== "ready") throw new CommandError(ready.message);
  const port = Number(new URL(ready.url).port);
  const dev = ready.environments.find((environment) => environment.slug === "dev");
  if (dev === undefined) throw new Error("the server has no environment dev");

  const keepRunning = async () => {
    for (let pauseMs = firstPauseMs; !isStopping; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const ending = await ended(child);
      if (isStopping) return;
      settings.onRestart(`The server ended (${ending}); starting it again. Its log: ${logOf(settings.dataDir)}`);
      await delay(pauseMs);
      if (isStopping) return;
      child = spawnServer(settings, port);
      const again = await readiness(child);
      if (again.type === "ready") pauseMs = firstPauseMs;
      else settings.onRestart(again.message);
    }
  };
  const running = keepRunning();

  return {
    apiUrl: ready.url,
    secretKey: dev.secretKey,
    async stop() {
      isStopping = true;
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
      await ended(child);
      clearTimeout(timer);
      await running;
    },
  };
}

function spawnServer({ dataDir, onMessage }: ServerProcessSettings, port: number): ChildProcess {
  const log = openLog(dataDir);
  try {
    // In a session of its own: a Ctrl-C in the terminal is for the owner, who ends runs before the server.
    const child = fork(entryPath, ["server", "--owned", "--data-dir", dataDir, "--port", String(port)], {
      execArgv,
      env: ownEnvironment(),
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
    });
    child.on("message", (message) => {
      const parsed = serverProcessMessageSchema.parse(message);
      if (parsed.type === "says") onMessage(parsed.message);
    });
    return child;
  } finally {
    closeSync(log);
  }
}

function openLog(dataDir: string): number {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return openSync(logOf(dataDir), "a", 0o600);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CommandError(
      `The data folder ${dataDir} can't be written (${reason}): change its permissions, or set PAWL_DATA_DIR to a folder of yours.`,
      { cause: error },
    );
  }
}

/** The developer's DATABASE_URL is that of the app, not one to put Pawl's tables into. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _url, DATABASE_DIRECT_URL: _directUrl, ...env } = process.env;
  return env;
}

function logOf(dataDir: string): string {
  return join(dataDir, "server.log");
}

async function readiness(child: ChildProcess): Promise<ServerProcessMessage> {
  const abort = new AbortController();
  try {
    const first = once(child, "message", { signal: abort.signal }).then(([message]) =>
      serverProcessMessageSchema.parse(message),
    );
    const ending = ended(child).then((reason): ServerProcessMessage => {
      const message = `The server ended before it was ready (${reason}): its log in .pawl/server.log says why.`;
      return { type: "failed", message };
    });
    return await Promise.race([first, ending]);
  } finally {
    abort.abort();
  }
}

async function ended(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.signalCode ?? `exit code ${child.exitCode}`;
}
