import { availableParallelism, hostname } from "node:os";
import { join, resolve } from "node:path";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import type { VersionManifest } from "@pawl/contract/task-manifest";
import type { HostEvent } from "./host/host-event.ts";
import { ProcessListener } from "./host/process-listener.ts";
import { OutputFolder } from "./host/process-output.ts";
import { ProcessPool } from "./host/process-pool.ts";
import { ServerConnection } from "./host/server-connection.ts";
import { stopHost } from "./host/stop-host.ts";
import { TelemetryQueue } from "./host/telemetry-queue.ts";
import { type HostVersion, WorkerHost } from "./host/worker-host.ts";
import { IndexError } from "./index-error.ts";

/** How a worker host is set up. */
export interface HostOptions {
  /** The server's URL, such as `http://localhost:8030`. */
  readonly apiUrl: string;
  /** The key of the environment whose runs are executed. */
  readonly secretKey: string;
  /** For people; default: the machine's name. */
  readonly name?: string;
  /** A folder for output files and compiled code; made when it is missing. */
  readonly dataDir: string;
  /** Run processes in all; default: 8 for each core, at least 16. */
  readonly maxProcesses?: number;
  /** Processes kept free for the next run; default: 2. */
  readonly preparedProcesses?: number;
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
  readonly manifest: Pick<VersionManifest, "processKeepAlive">;
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
  const dataDir = resolve(options.dataDir);
  const hostId = toPublicId("host", newUuid());
  const outputs = new OutputFolder(dataDir);
  const listener = new ProcessListener();
  const worker = new WorkerHost({
    hostId,
    name: (options.name ?? hostname()).slice(0, 128),
    apiUrl: options.apiUrl,
    secretKey: options.secretKey,
    onEvent: options.onEvent ?? null,
  });
  const connection = new ServerConnection(options.apiUrl, options.secretKey, worker);
  const telemetry = new TelemetryQueue({
    url: `${options.apiUrl.replace(/\/+$/, "")}/worker/v1/telemetry`,
    secretKey: options.secretKey,
    onDropped: (count) => options.onEvent?.({ type: "telemetry_dropped", count }),
  });
  let pool: ProcessPool | null = null;
  let stopping: Promise<void> | null = null;
  let hurry = () => {};
  const hurried = new Promise<void>((resolve) => {
    hurry = resolve;
  });

  const opened = listener.listen().then((port) => {
    const limits = {
      maxProcesses: options.maxProcesses ?? Math.max(16, 8 * availableParallelism()),
      preparedProcesses: options.preparedProcesses ?? 2,
    };
    const environment = { TRIGGER_API_URL: options.apiUrl, TRIGGER_SECRET_KEY: options.secretKey };
    const compileCacheDir = join(dataDir, "compile-cache");
    pool = new ProcessPool(limits, { listener, port, outputs, compileCacheDir, environment }, worker);
    if (stopping === null) worker.open({ pool, connection, telemetry });
  });
  opened.catch((error: Error) => options.onEvent?.({ type: "refused", reason: error.message }));

  return {
    async addVersion(added) {
      await opened;
      if (stopping !== null) return;
      const version = pooled(added);
      const failure = await worker.prepare(version);
      if (stopping !== null) return;
      if (failure !== null) {
        worker.versions.delete(version.versionId);
        throw new IndexError(failure);
      }
      worker.makeCurrent(version);
    },
    retireVersion: (id) => worker.retire(id),
    stop({ graceMs }) {
      if (graceMs === 0) hurry();
      stopping ??= opened
        .catch(() => {})
        .then(() => stopHost({ worker, pool, connection, telemetry, listener, outputs }, graceMs, hurried));
      return stopping;
    },
    status: () => ({
      hostId,
      isConnected: connection.isConnected,
      currentVersionId: worker.current?.versionId ?? null,
      heldRuns: worker.held.size,
      processes: [...(pool?.values() ?? [])].map(({ id, pid, bundle, state }) => ({
        id,
        pid,
        versionId: bundle.versionId,
        state,
      })),
    }),
  };
}

function pooled({ id, label, bundlePath, projectDir, manifest }: AddedVersion): HostVersion {
  return {
    versionId: id,
    label,
    bundlePath: resolve(bundlePath),
    projectDir: resolve(projectDir),
    processKeepAlive: manifest.processKeepAlive,
  };
}
