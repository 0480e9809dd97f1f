import { availableParallelism, hostname, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import type { VersionManifest } from "@pawl/contract/task-manifest";
import { Assignment } from "./host/assignment.ts";
import { Calls } from "./host/calls.ts";
import type { HostEvent } from "./host/host-event.ts";
import { HostState, type HostVersion } from "./host/host-state.ts";
import { durationLimits } from "./host/max-duration.ts";
import { storeOutput } from "./host/output-store.ts";
import { fetchEnvVars, fetchWaitResult } from "./host/payload-fetch.ts";
import { ProcessListener } from "./host/process-listener.ts";
import { OutputFolder } from "./host/process-output.ts";
import { ProcessPool } from "./host/process-pool.ts";
import { ProcessVariables } from "./host/process-variables.ts";
import { Reporter } from "./host/reporter.ts";
import { ServerConnection } from "./host/server-connection.ts";
import { Sharing } from "./host/sharing.ts";
import { Sizing } from "./host/sizing.ts";
import { type StoppedParts, stopHost } from "./host/stop-host.ts";
import { TelemetryQueue } from "./host/telemetry-queue.ts";
import { WorkerHost } from "./host/worker-host.ts";
import { IndexError } from "./index-error.ts";

/** How a worker host is set up. */
export interface HostOptions {
  /** The server's URL, such as `http://localhost:8030`. */
  readonly apiUrl: string;
  /** The key of the environment whose runs are executed. */
  readonly secretKey: string;
  /** For people; default: the machine's name. */
  readonly name?: string;
  /** Variables of run processes that go before those that the server keeps for the environment, such as those of a `.env`. */
  readonly projectVariables?: Readonly<Record<string, string>>;
  /** A folder for output files and compiled code; made when it is missing. */
  readonly dataDir: string;
  /** Run processes that execute or could; default: 8 for each core, at least 16. */
  readonly maxProcesses?: number;
  /**
   * Run processes in all, with those that a waiting run has to itself; default: what 60 % of the machine's memory holds at
   * 80 MB each, and never fewer than `maxProcesses`.
   */
  readonly maxWithWaiting?: number;
  /** Processes kept free for the next run, at least 1; default: 2. */
  readonly preparedProcesses?: number;
  /** How long a cancelled run gets to end, in milliseconds; default: 30 s, after which the server ends it in any case. */
  readonly cancelGraceMs?: number;
  /** Told what happens, for printing. */
  readonly onEvent?: (event: HostEvent) => void;
}

/** A version of a project that a host can execute. */
export interface AddedVersion {
  /** `version_…`, as the server registered it. */
  readonly id: string;
  readonly label: string;
  readonly bundlePath: string;
  readonly projectDir: string;
  readonly manifest: Pick<VersionManifest, "processKeepAlive" | "tasks">;
}

/** What a host does at the moment. */
export interface HostStatus {
  readonly hostId: string;
  readonly isConnected: boolean;
  readonly currentVersionId: string | null;
  /** Runs that the server gave to this host and that have not ended. */
  readonly heldRuns: number;
  readonly processes: readonly {
    readonly id: string;
    readonly pid: number | undefined;
    readonly versionId: string;
    readonly state: string;
  }[];
}

/** A worker host. */
export interface Host {
  /**
   * Adds a version and makes it the current one.
   *
   * @throws IndexError when its bundle can't be imported
   */
  addVersion(version: AddedVersion): Promise<void>;
  /**
   * Adds a version of before: runs that began with it go on here, and no process is spawned until one comes. One that the host
   * has stays as it is.
   */
  keepVersion(version: AddedVersion): void;
  /** Takes no more runs of a version; those that execute end here. */
  retireVersion(id: string): void;
  /**
   * Stops: gives back what has not started, lets executing runs end, kills what still executes after the grace, reports, and
   * closes. Safe to call twice; a second call with `graceMs: 0` ends the time that executing runs still have.
   *
   * @param options - `graceMs`: how long executing runs get, in milliseconds
   */
  stop(options: { graceMs: number }): Promise<void>;
  status(): HostStatus;
}

/**
 * Starts a worker host: it connects to the server, for ever again when the connection is lost, and executes runs of the
 * versions that it is given in processes of their own.
 *
 * @param options - where the server is, and limits
 * @returns the host; it is not yet connected
 * @throws when the data folder can't be written
 * @example
 * ```ts
 * const host = startHost({ apiUrl, secretKey, dataDir: ".pawl/host" });
 * await host.addVersion({ id, label, bundlePath, projectDir, manifest });
 * await host.stop({ graceMs: 10_000 });
 * ```
 */
export function startHost(options: HostOptions): Host {
  const parts = assemble(options);
  const { state, worker, listener, pool, connection, hostId } = parts;
  let stopping: Promise<void> | null = null;
  const hurry = new AbortController();
  const hurried = new Promise<void>((resolve) => {
    hurry.signal.addEventListener("abort", () => resolve());
  });
  const opened = listener.listen().then(() => {
    if (stopping === null) worker.open();
  });
  opened.catch((error: Error) => options.onEvent?.({ type: "refused", reason: error.message }));
  return {
    async addVersion(added) {
      await opened;
      if (stopping !== null) throw new Error("The host has been stopped.");
      const version = pooled(added);
      const failure = await worker.prepare(version);
      if (stopping !== null) return;
      if (failure !== null) throw new IndexError(failure);
      worker.makeCurrent(version);
    },
    keepVersion: (kept) => worker.keep(pooled(kept)),
    retireVersion: (id) => worker.retire(id),
    stop({ graceMs }) {
      if (graceMs === 0) hurry.abort();
      stopping ??= opened.catch(() => {}).then(() => stopHost(parts, graceMs, hurried));
      return stopping;
    },
    status: () => ({
      hostId,
      isConnected: connection.isConnected,
      currentVersionId: state.current?.versionId ?? null,
      heldRuns: state.held.size,
      processes: [...pool.values()].map(({ id, pid, bundle: { versionId }, state }) => ({ id, pid, versionId, state })),
    }),
  };
}

/** Makes the parts of a host and joins them; nothing runs yet. */
function assemble(options: HostOptions): StoppedParts & { readonly hostId: string; readonly state: HostState } {
  const { secretKey, onEvent = null } = options;
  const apiUrl = options.apiUrl.replace(/\/+$/, "");
  const dataDir = resolve(options.dataDir);
  const hostId = toPublicId("host", newUuid());
  const name = (options.name ?? hostname()).slice(0, 128);
  const outputs = new OutputFolder(dataDir);
  const listener = new ProcessListener();
  const state = new HostState();
  const maxProcesses = Math.max(1, options.maxProcesses ?? Math.max(16, 8 * availableParallelism()));
  const preparedProcesses = Math.min(maxProcesses, Math.max(1, options.preparedProcesses ?? 2));
  const maxWithWaiting = Math.max(maxProcesses, options.maxWithWaiting ?? processesInMemory());
  const limits = { maxProcesses, maxWithWaiting, preparedProcesses };
  const environment = { ...options.projectVariables, TRIGGER_API_URL: apiUrl, TRIGGER_SECRET_KEY: secretKey };
  const compileCacheDir = join(dataDir, "compile-cache");
  const pool = new ProcessPool(limits, { listener, outputs, compileCacheDir, environment });
  const sizing = new Sizing(state, pool);
  const connection = new ServerConnection(apiUrl, secretKey);
  const reporter = new Reporter({
    send: (message) => connection.send(message),
    capacity: () => sizing.capacity(performance.now()),
    storeOutput: (result) => storeOutput(apiUrl, secretKey, result),
  });
  const telemetry = new TelemetryQueue({
    url: `${apiUrl}/worker/v1/telemetry`,
    secretKey,
    onDropped: (count) => onEvent?.({ type: "telemetry_dropped", count }),
  });
  const onTelemetry = telemetry.push.bind(telemetry);
  const calls = new Calls((message) => connection.send(message));
  const assignment = new Assignment({
    ...{ state, pool, sizing, reporter, calls, onTelemetry, onEvent },
    sharing: new Sharing(),
    cancelGraceMs: options.cancelGraceMs ?? defaultCancelGraceMs,
    fetchWaitResult: (runId, wait) => fetchWaitResult(apiUrl, secretKey, runId, wait),
  });
  const shared = { state, pool, sizing, reporter, calls, assignment, connection };
  const variables = new ProcessVariables({
    fetch: () => fetchEnvVars(apiUrl, secretKey),
    onChanged: (changed) => worker.variablesChanged(changed),
  });
  const worker = new WorkerHost({ hostId, name, apiUrl, secretKey, onEvent, variables, ...shared });
  return { ...shared, hostId, worker, telemetry, listener, outputs };
}

const defaultCancelGraceMs = 30_000;
const shareOfMemory = 0.6;
const processBytes = 80 * 1024 * 1024;

function processesInMemory(): number {
  const constrained = process.constrainedMemory(); // 0 or beyond all bounds where nothing limits this process
  const bytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.floor((bytes * shareOfMemory) / processBytes);
}

function pooled({ id, label, bundlePath, projectDir, manifest }: AddedVersion): HostVersion {
  return {
    versionId: id,
    label,
    bundlePath: resolve(bundlePath),
    projectDir: resolve(projectDir),
    processKeepAlive: manifest.processKeepAlive,
    durationLimits: durationLimits(manifest.tasks),
    retryPolicies: new Map(manifest.tasks.map(({ id: taskId, retry }) => [taskId, retry])),
  };
}
