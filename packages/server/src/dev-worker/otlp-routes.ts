import type { TelemetryRecord } from "@pawl/contract/worker-protocol";
import type { FastifyRequest } from "fastify";
import type { Route } from "../api/route.ts";
import { idInPath, notFound, parse, pathPart } from "../api/validation.ts";
import type { EnvironmentStore } from "../engine/environment-ports.ts";
import type { TelemetryStore } from "../engine/ports.ts";
import { logRecords, logsBodySchema, spanRecords, tracesBodySchema } from "./otlp.ts";
import { isOtlpProof } from "./otlp-path.ts";

/** What the routes of telemetry need. */
export interface OtlpParts {
  readonly environments: Pick<EnvironmentStore, "withKeys">;
  readonly telemetry: Pick<TelemetryStore, "append">;
}

const bodyLimit = 16 * 1024 * 1024;

/** A proof that was right is remembered for so long, in milliseconds. */
const rememberMs = 30_000;

/** The most proofs that are remembered. */
const maxRemembered = 1_000;

/**
 * `POST /otel/:environmentId/:proof/v1/…`: logs and spans of runs, by OTLP in JSON. The processes that send them show no credential
 * but the proof in the address, which their worker was told with the run. Metrics are accepted and not kept.
 *
 * @param parts - what they need
 * @returns the routes
 */
export function otlpRoutes(parts: OtlpParts): readonly Route[] {
  const isAllowed = proofs(parts.environments);
  const route = (signal: string, read: (body: unknown) => readonly TelemetryRecord[]): Route => ({
    method: "POST",
    path: `/otel/:environmentId/:proof/v1/${signal}`,
    accepts: "anyone",
    bodyLimit,
    async admit(request) {
      const isKnown = await isAllowed(idInPath(request, "environmentId", "env"), request);
      return isKnown ? null : notFound("address", request.url.split("?", 1)[0] ?? "");
    },
    async answer(request) {
      const environmentId = idInPath(request, "environmentId", "env");
      await parts.telemetry.append(environmentId, read(request.body ?? {}));
      return {};
    },
  });
  return [
    route("logs", (body) => logRecords(parse(logsBodySchema, body, "body"))),
    route("traces", (body) => spanRecords(parse(tracesBodySchema, body, "body"))),
    route("metrics", () => []),
  ];
}

function proofs(environments: OtlpParts["environments"]) {
  const remembered = new Map<string, number>();
  return async (environmentId: string, request: FastifyRequest): Promise<boolean> => {
    const proof = pathPart(request, "proof");
    const name = `${environmentId} ${proof}`;
    if ((remembered.get(name) ?? 0) > performance.now()) return true;
    remembered.delete(name);
    const found = await environments.withKeys(environmentId);
    if (found?.keys.some((key) => isOtlpProof(proof, environmentId, key)) !== true) return false;
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(name, performance.now() + rememberMs);
    return true;
  };
}
