import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StartError } from "../../start-error.ts";
import type { Binaries } from "./binaries.ts";
import { type ClusterFiles, postgresEnv, readLog } from "./cluster.ts";
import type { Endpoint } from "./endpoint.ts";
import { commandFor, type Identity } from "./identity.ts";
import { commandLineOf } from "./owner.ts";

/** A running Postgres server. */
export interface Postmaster {
  readonly pid: number;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it: open transactions are rolled back, all that is committed is safe. */
  stop(): Promise<void>;
}

/** What a Postgres server is started from. */
export interface PostmasterPlan {
  readonly files: ClusterFiles;
  readonly binaries: Binaries;
  readonly identity: Identity;
  readonly endpoint: Endpoint;
  /** Further settings of Postgres, as `name=value`. */
  readonly settings: readonly string[];
}

const settings: readonly string[] = [
  "shared_buffers=128MB",
  "max_connections=100",
  "fsync=on",
  "synchronous_commit=on",
  "max_wal_size=2GB",
  "checkpoint_timeout=10min",
  // Live runs turn over thousands of times a second: what is dead must not pile up for a minute.
  "autovacuum_naptime=10s",
  "shared_preload_libraries=pg_stat_statements",
  "log_line_prefix=%m [%p] ",
  "log_checkpoints=off",
];

const startTimeoutMs = 60_000;
const readyPollMs = 5;

/**
 * Starts Postgres and waits until it accepts connections. What an earlier one left behind is no obstacle: a server of this
 * folder that still runs is ended first.
 *
 * @param plan - which cluster, and how
 * @returns the running server
 * @throws StartError with the end of its log when it does not start
 */
export async function startPostmaster(plan: PostmasterPlan): Promise<Postmaster> {
  await endOrphan(plan.files);
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const logStart = await stat(plan.files.log).then((found) => found.size);
    const child = await spawnPostgres(plan);
    if (await isReady(child, plan.files, deadline)) return toPostmaster(child);
    await stopChild(child);
    const log = await readLog(plan.files.log, logStart);
    // After a kill -9 of the server its sessions need a moment to notice.
    if (!/pre-existing shared memory block|lock file .* already exists/.test(log) || Date.now() > deadline) {
      throw new StartError(
        `Postgres did not start from ${plan.files.cluster}. Its log ${plan.files.log} ends with:\n${log}`,
      );
    }
    await delay(100);
  }
}

async function spawnPostgres(plan: PostmasterPlan): Promise<ChildProcess> {
  const options = [...settings, ...plan.settings].flatMap((setting) => ["-c", setting]);
  const args = ["-D", plan.files.cluster, ...options, ...plan.endpoint.args];
  const command = await commandFor(plan.identity, plan.binaries.postgres, args, { endsWithOwner: true });
  const log = await open(plan.files.log, "a");
  try {
    // A session of its own: a Ctrl-C in the terminal is for the owner, who stops Postgres last.
    const child = spawn(command.file, command.args, {
      ...command.options,
      cwd: "/",
      env: postgresEnv,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    child.on("error", () => undefined); // it has no pid then, which isReady() sees
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

/** Postgres writes its standing into the eighth line of its pid file. */
async function isReady(child: ChildProcess, files: ClusterFiles, deadline: number): Promise<boolean> {
  while (hasNotEnded(child) && Date.now() < deadline) {
    const lines = (await readPidFile(files))?.split("\n") ?? [];
    if (lines[0] === String(child.pid) && lines[7]?.trim() === "ready") return true;
    await delay(readyPollMs);
  }
  return false;
}

function toPostmaster(child: ChildProcess): Postmaster {
  const killWithOwner = (): void => {
    child.kill("SIGINT");
  };
  process.once("exit", killWithOwner);
  const ended = (hasNotEnded(child) ? once(child, "exit") : Promise.resolve([])).then(() => {
    process.removeListener("exit", killWithOwner);
  });
  return { pid: child.pid ?? 0, ended, stop: () => stopChild(child) };
}

function hasNotEnded(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

// First let it end its sessions, then without a checkpoint (it recovers at the next start), then by force.
const endings = [
  { signal: "SIGINT", waitMs: 20_000 },
  { signal: "SIGQUIT", waitMs: 5_000 },
  { signal: "SIGKILL", waitMs: 5_000 },
] as const;

async function stopChild(child: ChildProcess): Promise<void> {
  for (const { signal, waitMs } of endings) {
    if (!hasNotEnded(child)) return;
    const ended = once(child, "exit");
    child.ref();
    child.kill(signal);
    const timer = new AbortController();
    await Promise.race([ended, delay(waitMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
    timer.abort();
  }
}

/** Ends a server of this folder whose owner is gone; it may be ending by itself already. */
async function endOrphan(files: ClusterFiles): Promise<void> {
  const pid = Number((await readPidFile(files))?.split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  for (const { signal, waitMs } of endings) {
    const deadline = Date.now() + waitMs;
    if (!(await isServerOf(files, pid))) break;
    signalQuietly(pid, signal);
    while (Date.now() < deadline && (await isServerOf(files, pid))) await delay(readyPollMs);
  }
  // A pid file that names some other process would keep Postgres from starting.
  if (!(await isServerOf(files, pid))) await rm(join(files.cluster, "postmaster.pid"), { force: true });
}

async function isServerOf(files: ClusterFiles, pid: number): Promise<boolean> {
  const commandLine = await commandLineOf(pid);
  return commandLine?.includes(`-D ${files.cluster} `) ?? false;
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has just ended
  }
}

function readPidFile(files: ClusterFiles): Promise<string | null> {
  return readFile(join(files.cluster, "postmaster.pid"), "utf8").catch(() => null);
}
