import { type DevWorkerSettings, devWorkerRoutes } from "../../dev-worker/dev-worker-routes.ts";
import type { AnnotationStore } from "../../engine/annotation-ports.ts";
import type { BlobStore } from "../../engine/blob-ports.ts";
import type { BulkActionStore } from "../../engine/bulk-ports.ts";
import type { DeploymentReader } from "../../engine/deployment-ports.ts";
import type { Engine } from "../../engine/engine.ts";
import type { EnvVarStore } from "../../engine/env-var-ports.ts";
import type { EnvironmentStore } from "../../engine/environment-ports.ts";
import type { TelemetryStore, VersionStore } from "../../engine/ports.ts";
import type { QueueStore } from "../../engine/queue-ports.ts";
import type { BatchReader, InvariantChecker, RunReader } from "../../engine/read-ports.ts";
import type { ScheduleReader } from "../../engine/schedule-ports.ts";
import type { UsedTokens } from "../../engine/token-ports.ts";
import type { WaitStore } from "../../engine/wait-ports.ts";
import type { Shapes } from "../../realtime/shapes.ts";
import type { Streams } from "../../realtime/streams.ts";
import type { Route } from "../route.ts";
import { abortBulkActionRoute } from "./abort-bulk-action.ts";
import { addTagsRoute, changeMetadataRoute, readMetadataRoute } from "./annotate-run.ts";
import { appendTelemetryRoute } from "./append-telemetry.ts";
import { batchItemsRoute } from "./batch-items.ts";
import { batchResultsRoute } from "./batch-results.ts";
import { cancelRunRoute } from "./cancel-run.ts";
import { overrideQueueLimitRoute, pauseQueueRoute, resetQueueLimitRoute } from "./change-queue.ts";
import { overrideQueueRateRoute, resetQueueRateRoute } from "./change-queue-rate.ts";
import {
  createScheduleRoute,
  removeScheduleRoute,
  switchScheduleRoute,
  updateScheduleRoute,
} from "./change-schedule.ts";
import { completeTokenRoute } from "./complete-token.ts";
import { createBatchRoute } from "./create-batch.ts";
import { createBulkActionRoute } from "./create-bulk-action.ts";
import { createTokenRoute } from "./create-token.ts";
import { deploymentRoutes } from "./deployments.ts";
import { doctorRoute } from "./doctor.ts";
import { envVarRoutes } from "./env-vars.ts";
import { explainRunRoute } from "./explain-run.ts";
import { healthRoute } from "./health.ts";
import { indexPageRoute } from "./index-page.ts";
import { inputStreamRoutes } from "./input-streams.ts";
import { listBulkActionsRoute } from "./list-bulk-actions.ts";
import { listQueuesRoute } from "./list-queues.ts";
import { listRunsRoute } from "./list-runs.ts";
import { listSchedulesRoute, retrieveScheduleRoute } from "./list-schedules.ts";
import { listTasksRoute } from "./list-tasks.ts";
import { listTimezonesRoute } from "./list-timezones.ts";
import { listTokensRoute } from "./list-tokens.ts";
import { openApiRoute } from "./openapi.ts";
import { fetchAddressRoute, fetchBlobRoute, storeAddressRoute, storeBlobRoute } from "./packets.ts";
import { pauseEnvironmentRoute } from "./pause-environment.ts";
import { createPublicTokenRoute, tokenClaimsRoute } from "./public-tokens.ts";
import { readStreamRoutes } from "./read-stream.ts";
import { realtimeRoutes } from "./realtime.ts";
import { registerVersionRoute } from "./register-version.ts";
import { replayRunRoute } from "./replay-run.ts";
import { rescheduleRunRoute } from "./reschedule-run.ts";
import { resetIdempotencyKeyRoute } from "./reset-idempotency-key.ts";
import { retrieveBatchRoute, retrieveBatchSummaryRoute } from "./retrieve-batch.ts";
import { retrieveBulkActionRoute } from "./retrieve-bulk-action.ts";
import { retrieveQueueRoute } from "./retrieve-queue.ts";
import { retrieveRunRoute } from "./retrieve-run.ts";
import { retrieveTokenRoute } from "./retrieve-token.ts";
import { runEventsRoute } from "./run-events.ts";
import { runOutputRoute } from "./run-output.ts";
import { runPacketRoute } from "./run-packet.ts";
import { runPayloadRoute } from "./run-payload.ts";
import { runResultRoute } from "./run-result.ts";
import { runSpanRoute, runTraceRoute } from "./run-trace.ts";
import { runWaitsRoute } from "./run-waits.ts";
import { tokenCallbackRoute } from "./token-callback.ts";
import { triggerRoute } from "./trigger.ts";
import { writeStreamRoutes } from "./write-stream.ts";

/** What the routes need. */
export interface RouteSettings extends DevWorkerSettings {
  readonly engine: Engine;
  readonly environments: EnvironmentStore;
  readonly envVars: EnvVarStore;
  readonly usedTokens: UsedTokens;
  readonly annotations: AnnotationStore;
  readonly blobs: BlobStore;
  readonly runs: RunReader;
  /** What live readers have been told. */
  readonly shapes: Shapes;
  /** Who reads which streams. */
  readonly streams: Streams;
  readonly batches: BatchReader;
  readonly bulkActions: Pick<BulkActionStore, "retrieve" | "list" | "count">;
  readonly waits: Pick<WaitStore, "retrieveToken" | "listTokens" | "results">;
  readonly queues: Pick<QueueStore, "list" | "retrieve">;
  readonly schedules: ScheduleReader;
  readonly deployments: DeploymentReader;
  readonly invariants: InvariantChecker;
  readonly telemetry: TelemetryStore;
  readonly versions: Pick<VersionStore, "current">;
  /** The server's version. */
  readonly version: string;
}

/**
 * Every route of the server; the WebSocket of worker hosts is the gateway's.
 *
 * @param settings - what the routes need
 * @returns the routes
 */
export function routes(settings: RouteSettings): readonly Route[] {
  const all = describedRoutes(settings);
  return [...all, openApiRoute(all, settings.version)];
}

function describedRoutes(settings: RouteSettings): readonly Route[] {
  const { engine, runs, telemetry, version } = settings;
  return [
    indexPageRoute(version),
    healthRoute(version),
    triggerRoute(settings),
    tokenClaimsRoute(),
    createPublicTokenRoute(),
    ...batchRoutes(settings),
    ...runRoutes(settings),
    ...bulkActionRoutes(settings),
    ...tokenRoutes(settings),
    ...queueRoutes(settings),
    ...scheduleRoutes(settings),
    ...envVarRoutes(settings.envVars, (environmentId) => settings.engine.envVarsChanged(environmentId)),
    ...packetRoutes(settings),
    ...realtimeRoutes(settings),
    ...writeStreamRoutes(settings),
    ...readStreamRoutes(settings),
    ...inputStreamRoutes(settings),
    ...deploymentRoutes(settings.deployments),
    doctorRoute(settings.invariants),
    registerVersionRoute(engine),
    listTasksRoute(settings.versions),
    runPayloadRoute(runs),
    runOutputRoute(settings.blobs),
    runWaitsRoute(runs, settings.waits),
    appendTelemetryRoute(telemetry),
    ...devWorkerRoutes(settings),
  ];
}

function batchRoutes(settings: RouteSettings): readonly Route[] {
  const { engine, batches, blobs } = settings;
  return [
    createBatchRoute(settings),
    batchItemsRoute(engine, batches, blobs),
    retrieveBatchRoute(batches),
    retrieveBatchSummaryRoute(batches),
    batchResultsRoute(batches),
  ];
}

function runRoutes({ engine, runs, telemetry, annotations, blobs }: RouteSettings): readonly Route[] {
  return [
    retrieveRunRoute(engine, runs),
    listRunsRoute(runs),
    runEventsRoute(runs, telemetry),
    runTraceRoute({ runs, telemetry }),
    runSpanRoute({ runs, telemetry }),
    runResultRoute(runs),
    explainRunRoute(engine, runs),
    addTagsRoute(annotations),
    readMetadataRoute(runs),
    changeMetadataRoute(annotations),
    cancelRunRoute(engine),
    replayRunRoute(engine, blobs),
    rescheduleRunRoute(engine, runs),
    resetIdempotencyKeyRoute(engine),
  ];
}

function bulkActionRoutes({ engine, bulkActions }: RouteSettings): readonly Route[] {
  return [
    createBulkActionRoute(engine, bulkActions),
    listBulkActionsRoute(bulkActions),
    retrieveBulkActionRoute(bulkActions),
    abortBulkActionRoute(engine),
  ];
}

function tokenRoutes({ engine, waits, environments }: RouteSettings): readonly Route[] {
  return [
    createTokenRoute(engine),
    listTokensRoute(waits),
    retrieveTokenRoute(waits),
    completeTokenRoute(engine),
    tokenCallbackRoute(engine, environments),
  ];
}

function queueRoutes({ engine, queues }: RouteSettings): readonly Route[] {
  return [
    listQueuesRoute(queues),
    retrieveQueueRoute(queues),
    pauseQueueRoute(engine, queues),
    overrideQueueLimitRoute(engine, queues),
    resetQueueLimitRoute(engine, queues),
    overrideQueueRateRoute(engine, queues),
    resetQueueRateRoute(engine, queues),
    pauseEnvironmentRoute(engine, "pause"),
    pauseEnvironmentRoute(engine, "resume"),
  ];
}

function scheduleRoutes({ engine, schedules }: RouteSettings): readonly Route[] {
  return [
    createScheduleRoute(engine),
    listSchedulesRoute(schedules),
    retrieveScheduleRoute(schedules),
    updateScheduleRoute(engine),
    switchScheduleRoute(engine, "activate"),
    switchScheduleRoute(engine, "deactivate"),
    removeScheduleRoute(engine),
    listTimezonesRoute(),
  ];
}

function packetRoutes({ blobs, environments, runs }: RouteSettings): readonly Route[] {
  return [
    storeAddressRoute(),
    fetchAddressRoute(blobs),
    storeBlobRoute(blobs, environments),
    fetchBlobRoute({ blobs, environments, runs }),
    runPacketRoute(runs, "payload"),
    runPacketRoute(runs, "output"),
  ];
}
