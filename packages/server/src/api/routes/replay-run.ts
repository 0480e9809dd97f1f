import { runIdAnswerSchema } from "@pawl/contract/api/answers/runs";
import { type IdAnswer, type ReplayBody, replayBodySchema } from "@pawl/contract/api/run-control";
import { toPublicId } from "@pawl/contract/ids";
import type { BlobStore } from "../../engine/blob-ports.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Environment, ReplaySource } from "../../engine/ports.ts";
import { withFetchedPayload } from "../fetched-payload.ts";
import { idempotencyOf } from "../idempotency.ts";
import { payloadBodyLimit, toStoredPayload } from "../payload.ts";
import { refusalError } from "../refusal.ts";
import { regionOf } from "../region.ts";
import type { Route } from "../route.ts";
import { handleScopes } from "../run-scope.ts";
import { idInPath, notFound, parse, pathPart, refuseNul } from "../validation.ts";

/**
 * `POST /api/v1/runs/:runId/replay`: makes a new run of another's payload and options, with those of the body in place of its own.
 *
 * @param engine - makes the run
 * @param blobs - has payloads that were sent ahead
 * @returns the route
 */
export function replayRunRoute(engine: Engine, blobs: Pick<BlobStore, "get">): Route {
  return {
    method: "POST",
    path: "/api/v1/runs/:runId/replay",
    accepts: "environment_key",
    bodyLimit: payloadBodyLimit,
    document: {
      summary: "Replay a run",
      tag: "Runs",
      description: "A new run of the payload and options of another, with those of the body in their place.",
      body: replayBodySchema,
      answers: { 200: runIdAnswerSchema },
      example: { body: { tags: ["again"], delay: "1h" }, answer: { id: "run_01kaqk9s6ye4ja0n3x5v7c9bd1" } },
    },
    async answer(request, reply, { environment, signPublicToken }): Promise<IdAnswer> {
      const body = parse(replayBodySchema, request.body ?? {}, "body");
      const runId = idInPath(request, "runId", "run");
      const outcome = await engine.replay(environment.id, runId, await overridesOf(body, environment, blobs));
      if (outcome.kind === "not_found") throw notFound("run", pathPart(request, "runId"));
      if (outcome.kind === "refused") throw refusalError(outcome.reason, "", "version");
      const id = toPublicId("run", outcome.runId);
      reply.header("x-trigger-jwt", signPublicToken(handleScopes(id)));
      return { id };
    },
  };
}

async function overridesOf(
  body: ReplayBody,
  environment: Environment,
  blobs: Pick<BlobStore, "get">,
): Promise<Partial<ReplaySource>> {
  for (const name of ["queue", "concurrencyKey", "version"] as const) {
    const text = body[name];
    if (text !== undefined) refuseNul(text, name);
  }
  for (const tag of body.tags ?? []) refuseNul(tag, "tags");
  const key = idempotencyOf(body, "");
  const payload =
    body.payload === undefined
      ? {}
      : await withFetchedPayload(
          blobs,
          environment.id,
          toStoredPayload(body.payload, body.payloadType, "payload"),
          "payload",
        );
  const overrides: { [Name in keyof ReplaySource]?: ReplaySource[Name] | undefined } = {
    metadata: body.metadata === undefined ? undefined : JSON.stringify(body.metadata),
    tags: body.tags,
    queueName: body.queue,
    concurrencyKey: body.concurrencyKey,
    machine: body.machine,
    lockToVersion: body.version === "latest" ? null : body.version,
    region: body.region === undefined ? undefined : regionOf(body.region, environment, "region"),
    delay: body.delay,
    ttlS: body.ttl,
    idempotency: key === null ? undefined : { ...key, source: null, scope: null },
    maxAttempts: body.maxAttempts,
    maxDurationS: body.maxDuration,
    priorityS: body.priority,
    ...payload,
  };
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
}
