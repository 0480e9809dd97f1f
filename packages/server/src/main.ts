import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { createApi } from "./api/app.ts";
import type { ServerSettings } from "./config.ts";
import { PolledHosts } from "./dev-worker/polled-hosts.ts";
import { Presence } from "./dev-worker/presence.ts";
import { createEngine } from "./engine/create-engine.ts";
import { findPortOwner } from "./port-owner.ts";
import { findPostgres, type Postgres, reachDatabase } from "./postgres.ts";
import { Shapes } from "./realtime/shapes.ts";
import { Streams } from "./realtime/streams.ts";
import { writeServerFile } from "./server-file.ts";
import { StartError } from "./start-error.ts";
import { createBatchReader } from "./store/batch-reader.ts";
import { createBatchStore } from "./store/batches.ts";
import { createBlobStore } from "./store/blobs.ts";
import { createBulkActionStore } from "./store/bulk-actions/bulk-action-store.ts";
import type { Database } from "./store/db.ts";
import { createDeploymentReader } from "./store/deployments.ts";
import { createEnvVarStore } from "./store/env-vars.ts";
import { createEnvironmentStore, type EnvironmentWithKey } from "./store/environments.ts";
import { createHostStore } from "./store/hosts.ts";
import { createHousekeeping } from "./store/housekeeping.ts";
import { createInvariantChecker } from "./store/invariants.ts";
import { createListener } from "./store/listen.ts";
import { createLoginRequestStore } from "./store/login-requests.ts";
import { migrate } from "./store/migrate.ts";
import { createPersonalTokenStore } from "./store/personal-tokens.ts";
import { createQueueStore } from "./store/queues.ts";
import { isRowError } from "./store/row-error.ts";
import { createAnnotationStore } from "./store/runs/annotations.ts";
import { createPolledRunReader } from "./store/runs/polled-runs.ts";
import { createRunReader } from "./store/runs/read.ts";
import { createRealtimeReader } from "./store/runs/realtime.ts";
import { createRunStore } from "./store/runs/run-store.ts";
import { createScheduleStore } from "./store/schedules/schedule-store.ts";
import { openSecrets, type Secrets } from "./store/secrets.ts";
import { createStreamReader } from "./store/streams/read.ts";
import { createStreamStore } from "./store/streams/stream-store.ts";
import { createTelemetryStore } from "./store/telemetry.ts";
import { createUsedTokens } from "./store/used-tokens.ts";
import { createVersionStore } from "./store/versions.ts";
import { createWaitStore } from "./store/waits/wait-store.ts";

/** A server that listens. */
export interface RunningServer {
  /** The base URL of its API. */
  readonly url: string;
  /** The environments of the default project and their keys. */
  readonly environments: readonly EnvironmentWithKey[];
  /** Lets requests in flight end, then stops everything that the start began; safe twice. */
  stop(): Promise<void>;
}

/** Who is told what happens. */
export interface ServerObserver {
  /** A sentence for the operator; default: a line on stderr. */
  readonly onMessage?: (message: string) => void;
  /** A sentence that the operator waits for and that nobody else may read, such as the code of a login; default: as the others. */
  readonly onOperatorMessage?: (message: string) => void;
}

/** Undoes the steps of a start, the last one first. */
type Undo = (() => Promise<unknown>)[];

/**
 * Starts a server: Postgres where it is embedded, the schema, the engine and the API. The only place that puts the parts together.
 *
 * @param settings - see `readServerSettings`
 * @param observer - who is told what happens
 * @returns the server, listening
 * @throws StartError in one sentence, after everything that had begun is stopped again
 * @example
 * ```ts
 * const server = await startServer(readServerSettings(process.env));
 * ```
 */
export async function startServer(settings: ServerSettings, observer: ServerObserver = {}): Promise<RunningServer> {
  const onMessage = observer.onMessage ?? ((message: string) => console.error(message));
  const undo: Undo = [];
  try {
    const postgres = await findPostgres(settings, onMessage);
    undo.push(() => postgres.stop());
    const database = await reachDatabase(postgres, settings.databasePoolSize, onMessage);
    undo.push(() => database.close());
    const secrets = await prepareDatabase(database, postgres, onMessage);
    const environments = createEnvironmentStore(database, secrets);
    const tellOperator = observer.onOperatorMessage ?? onMessage;
    const api = await assemble({ database, postgres, secrets, environments, onMessage, tellOperator, undo });
    const url = await listen(api, settings);
    undo.push(() => api.close());
    const defaults = await environments.ensureDefaultProject();
    const keys = defaults.map(({ slug, secretKey }) => [slug, { secretKey }]);
    const content = { apiUrl: url, pid: process.pid, environments: Object.fromEntries(keys) };
    undo.push(await writeServerFile(settings.dataDir, content));
    let stopped: Promise<void> | null = null;
    return {
      url,
      environments: defaults,
      stop() {
        stopped ??= undoAll(undo);
        return stopped;
      },
    };
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

async function prepareDatabase(database: Database, postgres: Postgres, onMessage: (message: string) => void) {
  const { unknown } = await migrate(database);
  if (unknown.length > 0)
    onMessage(`The database has migrations of a newer Pawl, which this one can work with: ${unknown}`);
  await createHousekeeping({ database, onError: () => undefined }).runOnce();
  return openSecrets(database, postgres.encryptionKey);
}

interface Parts {
  readonly database: Database;
  readonly postgres: Postgres;
  readonly secrets: Secrets;
  readonly environments: ReturnType<typeof createEnvironmentStore>;
  readonly onMessage: (message: string) => void;
  readonly tellOperator: (message: string) => void;
  readonly undo: Undo;
}

/** Makes stores, services, engine and API, and starts what runs in the background. */
async function assemble(parts: Parts): Promise<FastifyInstance> {
  const { database, postgres, secrets, environments, onMessage, tellOperator, undo } = parts;
  const onError = (error: unknown) =>
    onMessage(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const telemetry = createTelemetryStore({ database });
  undo.push(() => telemetry.close());
  const housekeeping = createHousekeeping({ database, onError });
  undo.push(() => housekeeping.stop());
  const { directUrl } = postgres;
  const streams = new Streams(createStreamReader(database));
  const listener = createListener({
    database,
    url: directUrl ?? postgres.url,
    onNotice: (environmentId, notice) => engine.wake(environmentId, notice),
    onStream: (runId) => streams.hear(runId),
    onMessage,
  });
  undo.push(() => listener.stop());
  const runs = createRunReader(database);
  const shared = sharedStores(database);
  const engine = createEngine({
    ...shared,
    runs: createRunStore(database),
    hosts: createHostStore(database),
    batches: createBatchStore(database),
    streams: createStreamStore(database),
    onAppended(ref, records) {
      streams.tell(ref, records);
      listener.notifyStream(ref.runId);
    },
    notifier: listener,
    isRowError,
    isCertain: isRowError,
    onError,
  });
  undo.push(() => engine.stop());
  await engine.start();
  housekeeping.start();
  const presence = new Presence();
  const polledRuns = createPolledRunReader(database);
  if (directUrl !== null) listener.start(); // an embedded Postgres has no other server
  return createApi({
    ...shared,
    ...apiStores(database, secrets),
    engine,
    environments,
    runs,
    shapes: new Shapes(createRealtimeReader(database)),
    streams,
    telemetry,
    presence,
    polledHosts: new PolledHosts({ engine, presence, polledRuns, onError }),
    polledRuns,
    tellOperator,
    version: ownVersion(),
  });
}

/** What engine and API both look into. */
function sharedStores(database: Database) {
  return {
    waits: createWaitStore(database),
    queues: createQueueStore(database),
    bulkActions: createBulkActionStore(database),
    schedules: createScheduleStore(database),
    versions: createVersionStore(database),
  };
}

/** What only the API looks into. */
function apiStores(database: Database, secrets: Secrets) {
  return {
    envVars: createEnvVarStore(database, secrets),
    usedTokens: createUsedTokens(database),
    annotations: createAnnotationStore(database),
    blobs: createBlobStore(database),
    deployments: createDeploymentReader(database),
    batches: createBatchReader(database),
    invariants: createInvariantChecker(database),
    personalTokens: createPersonalTokenStore(database),
    loginRequests: createLoginRequestStore(database),
  };
}

async function listen(api: FastifyInstance, { host, port }: ServerSettings): Promise<string> {
  try {
    await api.listen({ host, port });
  } catch (error) {
    await api.close();
    throw await explainListenError(error, host, port);
  }
  const address = api.server.address();
  const isEverywhere = host === "0.0.0.0" || host === "::";
  const name = isEverywhere ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${typeof address === "object" ? (address?.port ?? port) : port}`;
}

async function explainListenError(error: unknown, host: string, port: number): Promise<unknown> {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    const owner = await findPortOwner(port);
    const who = owner === null ? "another program" : `pid ${owner.pid} (${owner.command})`;
    return new StartError(`Port ${port} is taken by ${who}: stop it, or choose another port with --port or PORT.`, {
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return new StartError(
      `The server can't listen on ${host}:${port} (${String(code)}): choose another port or PAWL_HOST.`,
      {
        cause: error,
      },
    );
  }
  return error;
}

/** Goes on after a step that fails, so that nothing is left behind; the first failure is thrown at the end. */
async function undoAll(undo: Undo): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.splice(0).reverse()) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

function ownVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version; // our own package.json
}
