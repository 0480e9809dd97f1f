import {
  completeAttemptAnswerSchema,
  completeAttemptBodySchema,
  startAttemptAnswerSchema,
} from "@pawl/contract/api/dev-runs";
import type { FastifyRequest } from "fastify";
import type { Route } from "../api/route.ts";
import { publicUrlOf } from "../api/token-url.ts";
import { parse } from "../api/validation.ts";
import { resultOf } from "./completion.ts";
import { executionOf } from "./execution.ts";
import { applyFlushedMetadata } from "./flushed-metadata.ts";
import { otlpPath } from "./otlp-path.ts";
import { claimInPath, type RunParts, staleSnapshot } from "./run-parts.ts";
import { snapshotOf, snapshotRun, standingOf } from "./snapshot.ts";

/**
 * `POST …/attempts/start`: a worker begins the attempt that a run was offered to it for, and is answered with all that its
 * execution needs. A call that is repeated is answered again; one for an offer that has gone back is refused.
 *
 * @param parts - what it needs
 * @returns the route
 */
export function startAttemptRoute({ polledHosts, polledRuns, envVars }: RunParts): Route {
  return {
    method: "POST",
    path: "/engine/v1/dev/runs/:runId/snapshots/:snapshotId/attempts/start",
    accepts: "environment_key",
    document: {
      summary: "Start an attempt",
      tag: "Dev sessions",
      description: "Answers with all that the execution needs. A stale snapshot is refused.",
      answers: { 200: startAttemptAnswerSchema },
    },
    async answer(request, _reply, { environment }) {
      const { attempt, ...claim } = claimInPath(request);
      const host = await polledHosts.of(environment);
      const lost = await host.report({ started: [claim] });
      const execution = lost.length > 0 ? null : await polledRuns.execution(environment.id, claim);
      const standing = execution === null ? null : await polledRuns.standing(environment.id, claim.runId);
      if (execution === null || standing === null || execution.attempt !== attempt) throw staleSnapshot(request);
      polledHosts.runSeen(environment.id, claim.runId);
      const variables = await envVars.list(environment.id);
      return {
        snapshot: snapshotOf(standing, standingOf(standing, host.id)),
        run: snapshotRun(standing, attempt),
        execution: executionOf(execution, environment),
        envVars: {
          ...Object.fromEntries(variables.map(({ name, value }) => [name, value])),
          ...ownVariables(request, otlpPath(environment.id, request.headers.authorization)),
        },
      };
    },
  };
}

function ownVariables(request: FastifyRequest, otlp: string): Readonly<Record<string, string>> {
  const publicUrl = publicUrlOf(request.raw);
  return {
    TRIGGER_API_URL: publicUrl,
    TRIGGER_STREAM_URL: publicUrl,
    TRIGGER_OTEL_EXPORTER_OTLP_ENDPOINT: `${publicUrl}${otlp}`,
  };
}

/**
 * `POST …/attempts/complete`: a worker says how an attempt ended. It decides by itself when the next attempt may come; whether one is
 * left is judged here. What the run still wanted to change of its metadata comes along.
 *
 * @param parts - what it needs
 * @returns the route
 */
export function completeAttemptRoute({ polledHosts, polledRuns, annotations }: RunParts): Route {
  return {
    method: "POST",
    path: "/engine/v1/dev/runs/:runId/snapshots/:snapshotId/attempts/complete",
    accepts: "environment_key",
    document: {
      summary: "Complete an attempt",
      tag: "Dev sessions",
      description: "The session decides when the next attempt may come, the server whether one is left.",
      body: completeAttemptBodySchema,
      answers: { 200: completeAttemptAnswerSchema },
    },
    bodyLimit: 16 * 1024 * 1024,
    async answer(request, _reply, { environment }) {
      const { attempt, ...claim } = claimInPath(request);
      const { completion } = parse(completeAttemptBodySchema, request.body ?? {}, "body");
      const host = await polledHosts.of(environment);
      const before = await polledRuns.standing(environment.id, claim.runId);
      const isHeld = before?.hostId === host.id && before.fence === claim.fence && before.attempt === attempt;
      if (before === null || !isHeld) throw staleSnapshot(request);
      await applyFlushedMetadata(annotations, environment.id, claim.runId, completion.flushedMetadata);
      const policy = completion.ok ? null : await polledRuns.retryPolicy(environment.id, claim.runId);
      if (!(await host.finish(resultOf(claim, completion, attempt, policy)))) throw staleSnapshot(request);
      const after = (await polledRuns.standing(environment.id, claim.runId)) ?? before;
      return {
        result: {
          attemptStatus: after.outcome === null ? "RETRY_QUEUED" : "RUN_FINISHED",
          snapshot: snapshotOf(after, standingOf(after, host.id)),
          run: snapshotRun(after, attempt),
        },
      };
    },
  };
}
