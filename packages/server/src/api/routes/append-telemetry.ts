import { type TelemetryRecord, telemetryBodySchema } from "@pawl/contract/worker-protocol";
import type { TelemetryStore } from "../../engine/ports.ts";
import { publicIdReader } from "../public-ids.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

/**
 * `POST /worker/v1/telemetry`: logs and spans of a host's runs.
 *
 * @param telemetry - keeps them
 * @returns the route
 */
export function appendTelemetryRoute(telemetry: TelemetryStore): Route {
  return {
    method: "POST",
    path: "/worker/v1/telemetry",
    accepts: "environment_key",
    bodyLimit: 16 * 1024 * 1024,
    async answer(request, _reply, { environment }) {
      const { records } = parse(telemetryBodySchema, request.body, "body");
      const readRunId = publicIdReader("run");
      await telemetry.append(
        environment.id,
        records.map(
          (record): TelemetryRecord => storable({ ...record, runId: readRunId(record.runId, "records.runId") }),
        ),
      );
      return {};
    },
  };
}

/** User code may log anything, Postgres holds no NUL: it becomes the replacement character. */
function storable(record: TelemetryRecord): TelemetryRecord {
  if (!record.message.includes("\0")) return record;
  return { ...record, message: record.message.replaceAll("\0", "\uFFFD") };
}
