import { join, resolve } from "node:path";
import { loadProject, type ProjectWatcher, watchProject } from "@pawl/build";
import { type Credentials, findCredentials } from "../api/credentials.ts";
import { CommandError } from "../command-error.ts";
import { makePawlDir, readDevFile, removeDevFile, writeDevFile } from "../dev-file.ts";
import { detailsOf } from "../terminal/error-message.ts";
import { pruneBundles } from "./bundle-folder.ts";
import type { DevEvent } from "./dev-event.ts";
import { chooseOwnPort } from "./own-port.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { recordedBundles } from "./version-records.ts";
import { startWorkerSession, type WorkerSession } from "./worker-session.ts";

/** What `pawl dev` is told. */
export interface DevSettings {
  /** The project's folder. */
  readonly dir: string;
  /** Of the server that is started where `TRIGGER_API_URL` is not set; 0: a free one; null: 3030, or a free one if it is taken. */
  readonly port: number | null;
  /** Where that server keeps its data; default: `.pawl` in the project. */
  readonly dataDir?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly onEvent: (event: DevEvent) => void;
}

/** A `pawl dev` that comes up or is up: server, worker host and watcher. */
export interface DevSession {
  /**
   * Resolves when the first version can take runs. Rejects with a ProjectError, CommandError or IndexError, one sentence with
   * what to do, when any part can't start; everything has stopped then.
   */
  readonly ready: Promise<Credentials>;
  /** Ends everything; runs in flight get the time to end. A second call may shorten it. */
  stop(options: { readonly graceMs: number }): Promise<void>;
}

/**
 * Brings up all that a project needs on a developer's machine: the server (where `TRIGGER_API_URL` does not name one), a
 * worker host, and a watcher that makes each change a new version.
 *
 * @param settings - the project and whom to tell
 * @returns the session, which is coming up
 * @example
 * ```ts
 * const session = startDev({ dir: ".", port: 3030, env: process.env, onEvent: console.log });
 * const { apiUrl } = await session.ready;
 * await session.stop({ graceMs: 10_000 });
 * ```
 */
export function startDev(settings: DevSettings): DevSession {
  const projectDir = resolve(settings.dir);
  const opening = open(settings, projectDir);
  const stop = async (options: { readonly graceMs: number }) => {
    const parts = await opening.catch(() => null);
    if (parts === null) return;
    const { watcher, worker, server } = parts;
    watcher.stop();
    if (options.graceMs > 0) settings.onEvent({ type: "stopping", executing: worker.executing(), ...options });
    await worker.stop(options);
    const opened = await server.catch(() => null);
    await opened?.process?.stop();
    await removeDevFile(projectDir);
  };
  const rise = async () => {
    try {
      const { server, first } = await opening;
      const [{ credentials }] = await Promise.all([server, first]);
      return credentials;
    } catch (error) {
      await stop({ graceMs: 0 });
      throw error;
    }
  };
  return { ready: rise(), stop };
}

interface Parts {
  readonly server: Promise<OpenedServer>;
  readonly worker: WorkerSession;
  readonly watcher: ProjectWatcher;
  /** Settles with the first version. */
  readonly first: Promise<void>;
}

/** Starts every part; they come up at the same time. */
async function open(settings: DevSettings, projectDir: string): Promise<Parts> {
  await refuseSecond(projectDir);
  // Before anything is written: a folder that is no project stays as it is.
  await loadProject(projectDir);
  const pawlDir = await makePawlDir(projectDir);
  const outDir = join(pawlDir, "build");
  await pruneBundles(outDir, await recordedBundles(projectDir));
  const server = openServer(settings, projectDir, pawlDir);
  const credentials = server.then((opened) => opened.credentials);
  credentials.catch(() => {}); // whoever awaits the server hears of it
  const worker = startWorkerSession({ projectDir, credentials, onEvent: settings.onEvent });
  const failed = onceASave(settings.onEvent);
  let isUp = false;
  let settle = { resolve: () => {}, reject: (_error: unknown) => {} };
  const first = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const watcher = watchProject(projectDir, {
    outDir,
    async onBundle(bundle, project) {
      await worker.load(bundle, project);
      isUp = true;
      settle.resolve();
    },
    onError(error) {
      if (isUp) failed(failureOf(error));
      else settle.reject(error);
    },
  });
  return { server, worker, watcher, first };
}

interface OpenedServer {
  readonly credentials: Credentials;
  /** Null for a server that somebody else runs. */
  readonly process: ServerProcess | null;
}

async function openServer(settings: DevSettings, projectDir: string, pawlDir: string): Promise<OpenedServer> {
  const isOwn = (settings.env.TRIGGER_API_URL ?? "") === "";
  const chosen = isOwn ? await chooseOwnPort(settings.port, settings.env.PAWL_HOST || "127.0.0.1") : null;
  const process_ = chosen
    ? await startServerProcess({
        dataDir: settings.dataDir ?? settings.env.PAWL_DATA_DIR ?? pawlDir,
        port: chosen.port,
        onRestart: (reason) => settings.onEvent({ type: "server_restarting", reason }),
        onMessage: (message) => settings.onEvent({ type: "server_says", message }),
      })
    : null;
  const credentials = process_ ?? (await findCredentials({ env: settings.env, dir: projectDir }));
  const { apiUrl, secretKey } = credentials;
  await writeDevFile(projectDir, { apiUrl, secretKey, dashboardUrl: apiUrl, pid: process.pid });
  const taken = chosen?.taken;
  settings.onEvent({ type: "server_ready", apiUrl, isOwn, ...(taken === undefined ? {} : { taken }) });
  return { credentials: { apiUrl, secretKey }, process: process_ };
}

async function refuseSecond(projectDir: string): Promise<void> {
  const other = await readDevFile(projectDir);
  if (other === null) return;
  throw new CommandError(
    `"pawl dev" already runs for ${projectDir} (process ${other.pid}, ${other.apiUrl}): use that one, or end it first.`,
  );
}

function failureOf(error: unknown): DevEvent {
  const message = error instanceof Error ? error.message : String(error);
  return { type: "version_failed", message, details: error instanceof Error ? detailsOf(error) : [] };
}

/** Editors write a file in several steps, and the watcher may see two changes in one save. */
const oneSaveMs = 1_500;

/** Tells the same failure once for one save. */
function onceASave(tell: (event: DevEvent) => void): (event: DevEvent) => void {
  let last = { text: "", atMs: 0 };
  return (event) => {
    const now = { text: JSON.stringify(event), atMs: performance.now() };
    const isRepeated = now.text === last.text && now.atMs - last.atMs < oneSaveMs;
    last = now;
    if (!isRepeated) tell(event);
  };
}
