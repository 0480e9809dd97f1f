import type { Engine } from "../../engine/engine.ts";
import type { BatchStore, TelemetryStore, VersionStore } from "../../engine/ports.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import type { Route } from "../route.ts";
import { appendTelemetryRoute } from "./append-telemetry.ts";
import { batchItemsRoute } from "./batch-items.ts";
import { createBatchRoute } from "./create-batch.ts";
import { healthRoute } from "./health.ts";
import { indexPageRoute } from "./index-page.ts";
import { listRunsRoute } from "./list-runs.ts";
import { listTasksRoute } from "./list-tasks.ts";
import { registerVersionRoute } from "./register-version.ts";
import { retrieveRunRoute } from "./retrieve-run.ts";
import { runEventsRoute } from "./run-events.ts";
import { runPayloadRoute } from "./run-payload.ts";
import { triggerRoute } from "./trigger.ts";

/** What the routes need. */
export interface RouteSettings {
  readonly engine: Engine;
  readonly runs: RunReader;
  readonly batches: BatchStore;
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
export function routes({ engine, runs, batches, telemetry, versions, version }: RouteSettings): readonly Route[] {
  return [
    indexPageRoute(version),
    healthRoute(version),
    triggerRoute(engine),
    createBatchRoute(engine),
    batchItemsRoute(engine, batches),
    retrieveRunRoute(runs),
    listRunsRoute(runs),
    runEventsRoute(runs, telemetry),
    registerVersionRoute(engine),
    listTasksRoute(versions),
    runPayloadRoute(runs),
    appendTelemetryRoute(telemetry),
  ];
}
