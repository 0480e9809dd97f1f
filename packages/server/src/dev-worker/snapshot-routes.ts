import { acceptedAnswerSchema, heartbeatAnswerSchema, latestSnapshotAnswerSchema } from "@pawl/contract/api/dev-runs";
import type { Route } from "../api/route.ts";
import { idInPath, notFound, pathPart } from "../api/validation.ts";
import { completedWaitpoints } from "./completed-waitpoints.ts";
import { claimInPath, type RunParts, staleSnapshot } from "./run-parts.ts";
import { snapshotOf, snapshotRun, standingOf } from "./snapshot.ts";

/**
 * `GET …/snapshots/latest`: how a run stands that a worker executes, and what came of what it waits for. That workers ask for it
 * every few seconds is their sign that they have the run.
 *
 * @param parts - what it needs
 * @returns the route
 */
export function latestSnapshotRoute({ polledHosts, polledRuns, waits }: RunParts): Route {
  return {
    method: "GET",
    path: "/engine/v1/dev/runs/:runId/snapshots/latest",
    accepts: "environment_key",
    document: {
      summary: "Get how a run stands that a session executes",
      tag: "Dev sessions",
      answers: { 200: latestSnapshotAnswerSchema },
    },
    async answer(request, _reply, { environment }) {
      const runId = idInPath(request, "runId", "run");
      const host = await polledHosts.of(environment);
      const run = await polledRuns.standing(environment.id, runId);
      if (run === null) throw notFound("run", pathPart(request, "runId"));
      const standing = standingOf(run, host.id);
      if (standing !== "gone") polledHosts.runSeen(environment.id, runId);
      const over =
        standing === "executing" ? await completedWaitpoints({ polledRuns, waits }, environment.id, host.id, run) : [];
      return {
        execution: {
          version: "1",
          snapshot: snapshotOf(run, standing),
          run: snapshotRun(run),
          completedWaitpoints: over,
        },
      };
    },
  };
}

/**
 * `POST …/heartbeat`: the process of a run lives.
 *
 * @param parts - what it needs
 * @returns the route
 */
export function heartbeatRoute({ polledHosts, polledRuns }: RunParts): Route {
  return {
    method: "POST",
    path: "/engine/v1/dev/runs/:runId/snapshots/:snapshotId/heartbeat",
    accepts: "environment_key",
    document: {
      summary: "Say that the process of a run lives",
      tag: "Dev sessions",
      answers: { 200: heartbeatAnswerSchema },
    },
    async answer(request, _reply, { environment }) {
      const claim = claimInPath(request);
      const host = await polledHosts.of(environment);
      const run = await polledRuns.standing(environment.id, claim.runId);
      if (run?.hostId !== host.id || run.fence !== claim.fence) throw staleSnapshot(request);
      polledHosts.runSeen(environment.id, claim.runId);
      return { ok: true };
    },
  };
}

/**
 * `POST …/logs/debug`: what a worker notes of its own work. It is accepted and not kept.
 *
 * @returns the route
 */
export function debugLogRoute(): Route {
  return {
    method: "POST",
    path: "/engine/v1/dev/runs/:runId/logs/debug",
    accepts: "environment_key",
    document: {
      summary: "Note what a session does",
      tag: "Dev sessions",
      description: "Accepted and not kept.",
      answers: { 200: acceptedAnswerSchema },
    },
    answer: () => ({}),
  };
}
