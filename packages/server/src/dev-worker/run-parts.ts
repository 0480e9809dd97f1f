import type { FastifyRequest } from "fastify";
import { ApiError } from "../api/errors.ts";
import { idInPath, notFound, pathPart } from "../api/validation.ts";
import type { AnnotationStore } from "../engine/annotation-ports.ts";
import type { Engine } from "../engine/engine.ts";
import type { EnvVarStore } from "../engine/env-var-ports.ts";
import type { PolledRunReader } from "../engine/polled-run-ports.ts";
import type { Claim } from "../engine/ports.ts";
import type { WaitStore } from "../engine/wait-ports.ts";
import type { OtlpParts } from "./otlp-routes.ts";
import type { PolledHosts } from "./polled-hosts.ts";
import { readSnapshotId } from "./snapshot-id.ts";

/** What the routes need by which workers execute runs. */
export interface RunParts extends OtlpParts {
  readonly engine: Pick<Engine, "cancel">;
  readonly polledHosts: PolledHosts;
  readonly polledRuns: PolledRunReader;
  readonly waits: Pick<WaitStore, "results">;
  readonly annotations: AnnotationStore;
  readonly envVars: Pick<EnvVarStore, "list">;
}

/** The claim that a call is made under, with the attempt that it is about. */
export interface SnapshotClaim extends Claim {
  readonly attempt: number;
}

/**
 * Reads the run and the snapshot that a call names.
 *
 * @param request - a request whose route has `:runId` and `:snapshotId`
 * @returns the claim that the snapshot stands for
 * @throws ApiError `not_found` when one of them is no such id
 */
export function claimInPath(request: FastifyRequest): SnapshotClaim {
  const runId = idInPath(request, "runId", "run");
  const id = pathPart(request, "snapshotId");
  const ref = readSnapshotId(id);
  if (ref === null) throw notFound("snapshot", id);
  return { runId, ...ref };
}

/**
 * The answer to a worker that speaks of a claim which it has lost: the run was cancelled, ended or given to others.
 *
 * @param request - what it asked
 * @returns the error; workers let go of the run then, and try nothing again
 */
export function staleSnapshot(request: FastifyRequest): ApiError {
  return new ApiError(
    "lost_claim",
    `The snapshot ${pathPart(request, "snapshotId")} of run ${pathPart(request, "runId")} is stale: the run has ended, was cancelled or was given to others. Let go of it.`,
    "snapshotId",
  );
}
