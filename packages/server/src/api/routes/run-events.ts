import { runEventsSchema } from "@pawl/contract/api/answers/runs";
import type { RunEvent, RunEvents } from "@pawl/contract/api/runs";
import type { TelemetryRecord } from "@pawl/contract/worker-protocol";
import type { TelemetryStore } from "../../engine/ports.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import type { Route } from "../route.ts";
import { requireRunRead, runReadScopes } from "../run-scope.ts";
import { idInPath, pathPart } from "../validation.ts";

/**
 * `GET /api/v1/runs/:runId/events`: the logs and spans of a run, oldest first.
 *
 * @param runs - knows who may read the run
 * @param telemetry - reads the events
 * @returns the route
 */
export function runEventsRoute(runs: RunReader, telemetry: TelemetryStore): Route {
  return {
    method: "GET",
    path: "/api/v1/runs/:runId/events",
    accepts: "public_token",
    document: {
      summary: "Get the logs and spans of a run",
      tag: "Runs",
      answers: { 200: runEventsSchema },
      scopes: runReadScopes,
    },
    async answer(request, _reply, caller): Promise<RunEvents> {
      const environmentId = caller.environment.id;
      const runId = idInPath(request, "runId", "run");
      requireRunRead(caller, pathPart(request, "runId"), await runs.retrieve(environmentId, runId));
      return { events: (await telemetry.read(environmentId, runId)).map(toEvent) };
    },
  };
}

function toEvent(record: TelemetryRecord): RunEvent {
  return {
    kind: record.kind,
    at: new Date(record.atMs).toISOString(),
    attempt: record.attempt,
    level: record.level,
    message: record.message,
    ...(record.durationMs === undefined ? {} : { durationMs: record.durationMs }),
    ...(record.isError === undefined ? {} : { isError: record.isError }),
    ...(record.attributes === undefined ? {} : { attributes: readAttributes(record.attributes) }),
  };
}

function readAttributes(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
