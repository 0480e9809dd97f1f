import { waitForTimeAnswerSchema, waitForTimeBodySchema, waitForTokenAnswerSchema } from "@pawl/contract/api/dev-runs";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import type { ParsedRunCall, WaitCallAnswer } from "@pawl/contract/worker-protocol";
import type { FastifyRequest } from "fastify";
import { ApiError } from "../api/errors.ts";
import type { Route } from "../api/route.ts";
import { idInPath, parse, pathPart, refuseNul } from "../api/validation.ts";
import type { Environment } from "../engine/ports.ts";
import { findWaitingRun, type ParentWaitParts, suspendRun, type WaitingRun } from "./parent-waits.ts";

/**
 * `POST /engine/v1/runs/:runId/wait/duration`: code of a run waits until a time.
 *
 * @param parts - what it needs
 * @returns the route
 */
export function waitForTimeRoute(parts: ParentWaitParts): Route {
  return {
    method: "POST",
    path: "/engine/v1/runs/:runId/wait/duration",
    accepts: "environment_key",
    document: {
      summary: "Wait until a time, in a run of a dev session",
      tag: "Dev sessions",
      body: waitForTimeBodySchema,
      answers: { 200: waitForTimeAnswerSchema },
    },
    async answer(request, _reply, { environment }) {
      const { date, idempotencyKey, idempotencyKeyTTL } = parse(waitForTimeBodySchema, request.body ?? {}, "body");
      if (idempotencyKey !== undefined) refuseNul(idempotencyKey, "idempotencyKey");
      const run = await runInPath(parts, request, environment);
      const wait = `time#${newUuid()}`;
      const opened = await open(run, {
        kind: "time",
        wait,
        atMs: date.getTime(),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        ...(idempotencyKeyTTL === undefined ? {} : { idempotencyKeyTTL }),
      });
      await suspendRun(run, wait);
      const waitUntil = new Date(opened.atMs ?? date.getTime()).toISOString();
      return { waitUntil, waitpoint: { id: toPublicId("waitpoint", opened.waitpointId) } };
    },
  };
}

/**
 * `POST /engine/v1/runs/:runId/waitpoints/tokens/:tokenId/wait`: code of a run waits for a token.
 *
 * @param parts - what it needs
 * @returns the route
 */
export function waitForTokenRoute(parts: ParentWaitParts): Route {
  return {
    method: "POST",
    path: "/engine/v1/runs/:runId/waitpoints/tokens/:tokenId/wait",
    accepts: "environment_key",
    document: {
      summary: "Wait for a token, in a run of a dev session",
      tag: "Dev sessions",
      answers: { 200: waitForTokenAnswerSchema },
    },
    async answer(request, _reply, { environment }): Promise<{ success: true }> {
      const waitpointId = idInPath(request, "tokenId", "waitpoint");
      const run = await runInPath(parts, request, environment);
      const wait = `token#${newUuid()}`;
      await open(run, { kind: "join", wait, waitpointId });
      await suspendRun(run, wait);
      return { success: true };
    },
  };
}

async function runInPath(
  parts: ParentWaitParts,
  request: FastifyRequest,
  environment: Environment,
): Promise<WaitingRun> {
  const run = await findWaitingRun(parts, environment, idInPath(request, "runId", "run"));
  if (run !== null) return run;
  throw new ApiError(
    "unprocessable",
    `The run ${pathPart(request, "runId")} is executed by no dev session of this environment: only code of such a run can wait by this call.`,
    "runId",
  );
}

async function open({ host, claim }: WaitingRun, request: ParsedRunCall): Promise<WaitCallAnswer> {
  const { error, value } = await host.call(claim, request);
  if (error === undefined) return value as WaitCallAnswer; // what opens a wait is answered so
  const code = error.code === "not_found" || error.code === "lost_claim" ? error.code : "invalid_request";
  throw new ApiError(code, error.message, error.field);
}
