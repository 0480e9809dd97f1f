import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { configure, type RetrievedRun, type RunHandle, runs } from "@pawl/sdk";
import { type Database, openDatabase } from "@pawl/server/store/db";
import { clusterFiles } from "@pawl/server/store/embedded/cluster";
import { chooseEndpoint } from "@pawl/server/store/embedded/endpoint";
import { assertInvariants } from "@pawl/testkit";
import type { Api } from "./api.ts";
import type { RunningCommand } from "./command.ts";
import { type StagedServer, startServer, untilReady } from "./platform.ts";
import { openStage, rootDir, type Stage } from "./stage.ts";
import { until } from "./until.ts";

/** A place that code of a run came to, as it wrote it down itself. */
export interface Mark {
  readonly name: string;
  readonly runId: string;
  readonly taskId: string;
  readonly attempt: number;
  /** Of the process that the code executed in. */
  readonly pid: number;
  readonly atMs: number;
  readonly note?: unknown;
}

/** How a worker differs from the usual. */
export interface WorkerOptions {
  /** Run processes at most. */
  readonly processes?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Default: the stage's first server. */
  readonly server?: Pick<StagedServer, "apiUrl" | "secretKey">;
}

/** A server, a worker with the tasks of `e2e/projects/engine`, and the SDK of this process set up to speak to them. */
export interface EngineStage {
  readonly stage: Stage;
  readonly server: StagedServer;
  readonly api: Api;
  readonly projectDir: string;
  /** The worker that was started first; null when there is none. */
  readonly worker: RunningCommand | null;
  /** Starts another worker and waits until it can execute runs. */
  startWorker(options?: WorkerOptions): Promise<RunningCommand>;
  /** The path of a gate, which is shut as long as no file is there. */
  gate(name: string): string;
  open(name: string): Promise<void>;
  /** What the code of runs wrote down, in the order of time. */
  marks(isWanted?: (mark: Mark) => boolean): Promise<readonly Mark[]>;
  /** Waits for a mark of a run. */
  untilMark(run: { readonly id: string }, name: string, timeoutMs?: number): Promise<Mark>;
  /** The server's database; it is closed when the test ends. */
  readonly database: Database;
}

/**
 * Opens a stage with a server and a worker on it. When the test has ended every invariant has to hold.
 *
 * @param t - the test
 * @param options - `worker`: how it differs from the usual; null: none is started
 * @returns the stage
 */
export async function openEngine(
  t: TestContext,
  options: { readonly worker?: WorkerOptions | null } = {},
): Promise<EngineStage> {
  const stage = await openStage(t);
  const folder = stage.path("marks");
  await mkdir(folder);
  const projectDir = await stage.project("project", {});
  await cp(join(rootDir, "e2e", "projects", "engine"), projectDir, { recursive: true });
  const server = await startServer(stage);
  configure({ baseURL: server.apiUrl, accessToken: server.secretKey });
  const startWorker = async ({ processes, env, server: other = server }: WorkerOptions = {}) => {
    const args = ["worker", projectDir, "--json", ...(processes === undefined ? [] : ["--processes", `${processes}`])];
    const worker = stage.pawl(args, {
      env: {
        TRIGGER_API_URL: other.apiUrl,
        TRIGGER_SECRET_KEY: other.secretKey,
        PAWL_E2E_MARKS: folder,
        ...env,
      },
    });
    await untilReady(worker);
    return worker;
  };
  const worker = options.worker === null ? null : await startWorker(options.worker);
  const { url } = await chooseEndpoint(clusterFiles(server.dataDir));
  const database = await openDatabase({ url, poolSize: 2, onConnectionError: () => undefined });
  stage.beforeEnd(() => assertInvariants(database).finally(() => database.close()));
  const marks: EngineStage["marks"] = async (isWanted = () => true) => {
    const texts = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), "utf8")));
    const lines = texts.flatMap((text) => text.split("\n").slice(0, -1));
    const all = lines.map((line) => JSON.parse(line) as Mark); // the form of marks.ts
    return all.filter(isWanted).sort((a, b) => a.atMs - b.atMs);
  };
  return {
    stage,
    server,
    api: server.api,
    projectDir,
    worker,
    startWorker,
    gate: (name) => stage.path("gates", name),
    open: (name) => stage.write({ [join("gates", name)]: "" }),
    marks,
    untilMark: (run, name, timeoutMs = 30_000) =>
      until(
        `${run.id} comes to ${name}`,
        async () => (await marks((mark) => mark.runId === run.id && mark.name === name))[0],
        { timeoutMs },
      ).catch(async (error: unknown) => {
        throw new Error(`${await lastSeen(run.id)}`, { cause: error });
      }),
    database,
  };
}

/**
 * Waits until a run has finished.
 *
 * @param handle - of the run
 * @param timeoutMs - how long to wait
 * @returns the run
 * @throws Error that says what the run was last seen waiting for
 */
export async function ended<TInput, TOutput>(
  handle: RunHandle<string, TInput, TOutput> | { readonly id: string },
  timeoutMs = 30_000,
): Promise<RetrievedRun<TInput, TOutput>> {
  const look = async () => {
    const run = await runs.retrieve(handle.id);
    return run.isCompleted ? run : null;
  };
  const run = await until(`${handle.id} has finished`, look, { timeoutMs }).catch(async (error: unknown) => {
    throw new Error(await lastSeen(handle.id), { cause: error });
  });
  return run as RetrievedRun<TInput, TOutput>; // the handle says so
}

/**
 * Waits until a run has finished well.
 *
 * @param handle - of the run
 * @param timeoutMs - how long to wait
 * @returns its output
 * @throws Error with the run's own when it failed
 */
export async function outputOf<TInput, TOutput>(
  handle: RunHandle<string, TInput, TOutput>,
  timeoutMs?: number,
): Promise<TOutput> {
  const run = await ended(handle, timeoutMs);
  if (!run.isSuccess) throw new Error(`${run.id} ended as ${run.status}: ${JSON.stringify(run.error)}`);
  return run.output as TOutput; // a run that succeeded has it, unless it is undefined
}

/**
 * Waits until a run is shown in a status.
 *
 * @param handle - of the run
 * @param status - as in the API
 * @param timeoutMs - how long to wait
 * @returns the run
 */
export async function untilStatus(
  handle: { readonly id: string },
  status: RetrievedRun["status"],
  timeoutMs = 30_000,
): Promise<RetrievedRun> {
  const look = async () => {
    const run = await runs.retrieve(handle.id);
    return run.status === status ? run : null;
  };
  return until(`${handle.id} is ${status}`, look, { timeoutMs }).catch(async (error: unknown) => {
    throw new Error(await lastSeen(handle.id), { cause: error });
  });
}

async function lastSeen(runId: string): Promise<string> {
  const run = await runs.retrieve(runId).catch((error: unknown) => String(error));
  return `The run was last seen as ${JSON.stringify(run)}`;
}

/**
 * The most intervals that overlap at one time, by the stamps that the code of runs wrote.
 *
 * @param marks - `start` and `end` of runs
 * @returns how many executed at once
 */
export function mostAtOnce(marks: readonly Mark[]): number {
  const steps = marks.flatMap(({ name, atMs }) => {
    if (name === "start") return [{ atMs, change: 1 }];
    return name === "end" ? [{ atMs, change: -1 }] : [];
  });
  // Of one millisecond the ends come first: a start needs the slot that an end gave back.
  steps.sort((a, b) => a.atMs - b.atMs || a.change - b.change);
  let current = 0;
  let most = 0;
  for (const { change } of steps) {
    current += change;
    most = Math.max(most, current);
  }
  return most;
}
