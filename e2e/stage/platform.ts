import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Api, apiOf } from "./api.ts";
import type { RunningCommand } from "./command.ts";
import { processesOf } from "./processes.ts";
import type { Stage } from "./stage.ts";

/** A server of a stage, on its embedded Postgres. */
export interface StagedServer {
  readonly command: RunningCommand;
  readonly apiUrl: string;
  /** Of the environment `dev`. */
  readonly secretKey: string;
  readonly dataDir: string;
  readonly api: Api;
}

/**
 * Starts `pawl server` and waits until it listens.
 *
 * @param stage - where
 * @param options - `dataDir`: default: a folder of the stage
 * @returns the server
 */
export async function startServer(stage: Stage, options: { readonly dataDir?: string } = {}): Promise<StagedServer> {
  return listening(serverCommand(stage, options), options.dataDir ?? stage.path("data"));
}

/**
 * Starts `pawl server` and waits for nothing.
 *
 * @param stage - where
 * @param options - `like`: an earlier server, whose port and data it takes; else a free port, and `dataDir`
 * @returns the command
 */
export function serverCommand(
  stage: Stage,
  options: { readonly like?: StagedServer; readonly dataDir?: string },
): RunningCommand {
  const { like } = options;
  const port = like === undefined ? "0" : new URL(like.apiUrl).port;
  const dataDir = like?.dataDir ?? options.dataDir ?? stage.path("data");
  return stage.pawl(["server", "--json", "--port", port, "--data-dir", dataDir]);
}

async function listening(command: RunningCommand, dataDir: string): Promise<StagedServer> {
  const ready = await command.untilWritten("line that says where it listens", ({ lines }) =>
    lines.find((line) => typeof line.apiUrl === "string"),
  );
  const environments = ready.environments as readonly { slug: string; secretKey: string }[]; // the command's own form
  const secretKey = environments.find(({ slug }) => slug === "dev")?.secretKey ?? "";
  const apiUrl = String(ready.apiUrl);
  return { command, apiUrl, secretKey, dataDir, api: apiOf(apiUrl, secretKey) };
}

/**
 * Kills a server with SIGKILL and waits until it is gone.
 *
 * @param server - which one
 * @returns starts another one in its place, on the same port and data
 */
export async function killServer(stage: Stage, server: StagedServer): Promise<() => Promise<StagedServer>> {
  server.command.signal("SIGKILL");
  await server.command.ended;
  return () => listening(serverCommand(stage, { like: server }), server.dataDir);
}

/**
 * Starts `pawl worker` for a project.
 *
 * @param stage - where
 * @param server - whom it works for
 * @param projectDir - the project
 * @param env - further environment variables
 * @returns the command, already started; {@link untilReady} waits for its first version
 */
export function startWorker(
  stage: Stage,
  server: StagedServer,
  projectDir: string,
  env: NodeJS.ProcessEnv = {},
): RunningCommand {
  return stage.pawl(["worker", projectDir, "--json"], {
    env: { TRIGGER_API_URL: server.apiUrl, TRIGGER_SECRET_KEY: server.secretKey, ...env },
  });
}

/**
 * Waits until a worker, or `pawl dev`, can execute runs.
 *
 * @param worker - the command
 */
export async function untilReady(worker: RunningCommand): Promise<void> {
  await worker.untilLine("version_ready");
}

/**
 * Finds the Postgres of a data folder.
 *
 * @param dataDir - of the server
 * @returns its pid; null while there is none
 */
export async function postgresPid(dataDir: string): Promise<number | null> {
  const text = await readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

/**
 * Finds the run processes of a stage, without those that only list the tasks of a bundle.
 *
 * @param stage - the stage
 * @returns their pids
 */
export async function runProcessPids(stage: Stage): Promise<readonly number[]> {
  const processes = await processesOf(stage.folder);
  return processes.filter(({ command }) => /\/child\/entry\.[jt]s .*(?<! index)$/.test(command)).map(({ pid }) => pid);
}
