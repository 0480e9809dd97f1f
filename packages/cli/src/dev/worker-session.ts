import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Bundle, Project } from "@pawl/build";
import type { RegisteredVersion, VersionManifest } from "@pawl/contract/task-manifest";
import { fetchEnvVars, type Host, IndexError, indexBundle, startHost } from "@pawl/worker";
import { createApiClient, UnreachableError } from "../api/client.ts";
import type { Credentials } from "../api/credentials.ts";
import { pawlDirOf } from "../dev-file.ts";
import { readProjectVariables } from "../environment-file.ts";
import type { DevEvent } from "./dev-event.ts";
import { fromHostEvent } from "./host-events.ts";
import { keptVersions, readVersions, recordVersion } from "./version-records.ts";

/** A worker host of a project, given one version after another. */
export interface WorkerSession {
  /**
   * Makes a bundle the version that new runs execute; runs of the version before go on.
   *
   * @throws IndexError when the bundle can't be imported or holds two tasks of one id
   */
  load(bundle: Bundle, project: Project): Promise<void>;
  /** Runs that execute now. */
  executing(): number;
  /** Gives runs in flight the time to end, and ends what is left. A second call may shorten the time. */
  stop(options: { readonly graceMs: number }): Promise<void>;
}

/** What a worker session needs. */
export interface WorkerSettings {
  readonly projectDir: string;
  readonly credentials: Promise<Credentials>;
  readonly onEvent: (event: DevEvent) => void;
  /** Run processes in all; default: the host's own. */
  readonly maxProcesses?: number;
}

const registrationPauseMs = 500;

/**
 * Starts a worker host for a project. It connects as soon as the server is known, and again for ever.
 *
 * @param settings - the project, the server, and whom to tell
 * @returns the session
 */
export function startWorkerSession(settings: WorkerSettings): WorkerSession {
  let host: Host | null = null;
  let current: string | null = null;
  let versionIds: string[] = [];
  let isStopping = false;
  let isLost = false;
  // A connection is news when it is lost or comes back, and while nothing ends.
  const isNews = (event: DevEvent) => {
    if (event.type !== "connection") return true;
    if (isStopping || event.isConnected !== isLost) return false;
    isLost = !event.isConnected;
    return true;
  };
  const projectVariables = readProjectVariables(settings.projectDir);
  const running = new Set<string>();
  const connect = async () => {
    if (host !== null) return host;
    const { apiUrl, secretKey } = await settings.credentials;
    const earlier = await readVersions(settings.projectDir, secretKey);
    host = startHost({
      apiUrl,
      secretKey,
      dataDir: join(pawlDirOf(settings.projectDir), "host"),
      projectVariables,
      ...(settings.maxProcesses === undefined ? {} : { maxProcesses: settings.maxProcesses }),
      onEvent(event) {
        if (event.type === "run_started") running.add(event.run.runId);
        if (event.type === "run_finished") running.delete(event.run.runId);
        const shown = fromHostEvent(event);
        if (shown !== null && isNews(shown)) settings.onEvent(shown);
      },
    });
    for (const version of earlier) host.keepVersion(version);
    versionIds = earlier.map(({ id }) => id);
    return host;
  };
  return {
    async load(bundle, project) {
      const beganAtMs = performance.now();
      const indexed = await index(bundle, project, projectVariables, settings.credentials);
      const manifest = { ...indexed, contentHash: bundle.contentHash };
      const credentials = await settings.credentials;
      const { id, label } = await register(credentials, manifest, (reason) => {
        settings.onEvent({ type: "connection", isConnected: false, reason });
        isLost = true;
      });
      const loadingHost = await connect();
      const version = { id, label, bundlePath: bundle.path, projectDir: project.dir, manifest };
      await loadingHost.addVersion(version);
      await recordVersion(version, credentials.secretKey);
      versionIds = [...versionIds.filter((other) => other !== id), id];
      for (const old of versionIds.splice(0, versionIds.length - keptVersions)) loadingHost.retireVersion(old);
      const isFirst = current === null;
      current = id;
      const tasks = manifest.tasks.map((task) => ({ id: task.id, filePath: task.filePath }));
      settings.onEvent({ type: "version_ready", label, isFirst, tasks, durationMs: performance.now() - beganAtMs });
      if (tasks.length === 0) settings.onEvent({ type: "warning", message: noTasksIn(project) });
    },
    executing: () => running.size,
    async stop(options) {
      isStopping = true;
      await host?.stop(options);
    },
  };
}

/**
 * Lists a bundle's tasks. The server need not be there for it: only where the import fails are the variables fetched that it keeps, which
 * the bundle may need.
 */
async function index(
  bundle: Bundle,
  project: Project,
  projectVariables: Readonly<Record<string, string>>,
  credentials: Promise<Credentials>,
): ReturnType<typeof indexBundle> {
  const projectDir = project.dir;
  try {
    return await indexBundle(bundle.path, { projectDir, variables: projectVariables });
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    const { apiUrl, secretKey } = await credentials;
    const kept = (await fetchEnvVars(apiUrl, secretKey))?.variables ?? {};
    if (Object.keys(kept).length === 0) throw error;
    return indexBundle(bundle.path, { projectDir, variables: { ...kept, ...projectVariables } });
  }
}

function noTasksIn({ dir, taskDirs }: Project): string {
  const folders = taskDirs.map((taskDir) => relative(dir, taskDir) || ".").join(", ");
  return `No tasks found in ${folders}: a task is what a file there defines with task({ id, run }).`;
}

/** A server that does not answer, since it is being started again or was not yet, is waited for. */
async function register(
  credentials: Credentials,
  manifest: VersionManifest,
  onWaiting: (reason: string) => void,
): Promise<RegisteredVersion> {
  const api = createApiClient(credentials);
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await api.registerVersion(manifest);
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      if (isFirst) onWaiting(error.message);
      await delay(registrationPauseMs);
    }
  }
}
