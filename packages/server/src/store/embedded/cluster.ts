import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, chmod, chown, constants, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { StartError } from "../../start-error.ts";
import { type Binaries, isCode } from "./binaries.ts";
import { commandFor, type Identity } from "./identity.ts";

const run = promisify(execFile);

/** The files of an embedded Postgres in a data folder. */
export interface ClusterFiles {
  /** The database cluster itself. */
  readonly cluster: string;
  /** Holds the socket; only its owner may enter it. */
  readonly sockets: string;
  readonly log: string;
  /** Of the user `postgres`, for connections over TCP. */
  readonly password: string;
  /** Names the process that the folder belongs to. */
  readonly owner: string;
}

/**
 * Names the files of an embedded Postgres.
 *
 * @param dataDir - the data folder, absolute
 * @returns their paths
 */
export function clusterFiles(dataDir: string): ClusterFiles {
  return {
    cluster: join(dataDir, "postgres"),
    sockets: join(dataDir, "socket"),
    log: join(dataDir, "postgres.log"),
    password: join(dataDir, "postgres.password"),
    owner: join(dataDir, "owner.json"),
  };
}

/**
 * Makes the data folder, where it is missing.
 *
 * @param dataDir - its absolute path
 * @throws StartError when it can't be made or written
 */
export async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartError(
      `The data folder ${dataDir} can't be written (${codeOf(error)}): change its permissions, or set PAWL_DATA_DIR to a folder of yours.`,
      { cause: error },
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/**
 * Makes the database cluster, where it is missing. One that was left half-made is made anew.
 *
 * @param files - of the data folder
 * @param binaries - the programs of Postgres
 * @param identity - as whom Postgres will run
 * @throws StartError when initdb fails
 */
export async function makeCluster(files: ClusterFiles, binaries: Binaries, identity: Identity): Promise<void> {
  await mkdir(files.sockets, { recursive: true, mode: 0o700 });
  await rotateLog(files.log);
  await give(files.sockets, identity);
  await give(files.log, identity);
  if (await exists(files.cluster)) return;
  // Postgres reaches its own folders through this one; those are closed to others by themselves.
  if (identity.kind === "user") await chmod(dirname(files.cluster), 0o711);
  const draft = `${files.cluster}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await writeFile(files.password, randomBytes(24).toString("base64url"), { mode: 0o600 });
  await give(draft, identity);
  await give(files.password, identity);
  const command = await commandFor(identity, binaries.initdb, initdbArgs(binaries, draft, files.password), {
    endsWithOwner: false,
  });
  try {
    await run(command.file, command.args, { ...command.options, cwd: "/", env: postgresEnv });
  } catch (error) {
    const reason = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new StartError(`Postgres could not make its data in ${files.cluster}: ${reason}`, { cause: error });
  }
  await rename(draft, files.cluster);
}

/** The environment of Postgres's programs: nothing of ours leaks in, such as PGDATA or LC_ALL. */
export const postgresEnv: NodeJS.ProcessEnv = { PATH: process.env.PATH, TZ: "UTC" };

function initdbArgs(binaries: Binaries, clusterDir: string, passwordFile: string): readonly string[] {
  return [
    ...["-D", clusterDir, "-U", "postgres", "--encoding=UTF8", "--no-sync"],
    // The socket's folder lets nobody else in; over TCP everybody on the machine could knock.
    ...["--auth-local=trust", "--auth-host=scram-sha-256", `--pwfile=${passwordFile}`],
    // Order by code point, the same on every machine.
    ...(binaries.localeArgs ?? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]),
  ];
}

async function give(path: string, identity: Identity): Promise<void> {
  if (identity.kind === "user") await chown(path, identity.uid, identity.gid);
}

const maxLogBytes = 10_000_000;

/** Keeps the log and one before it. */
async function rotateLog(log: string): Promise<void> {
  const size = await stat(log).then(
    (found) => found.size,
    () => 0,
  );
  if (size > maxLogBytes) await rename(log, `${log}.1`);
  const file = await open(log, "a", 0o600);
  await file.close();
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
}

/**
 * What Postgres last wrote to its log, for messages.
 *
 * @param log - path of the log
 * @param from - where to begin, in bytes
 * @returns the text, at most its last 2,000 characters
 */
export async function readLog(log: string, from: number): Promise<string> {
  const text = await readFile(log);
  return text.subarray(from).toString("utf8").trim().slice(-2_000);
}
