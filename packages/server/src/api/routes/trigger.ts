import { triggerBodySchema } from "@pawl/contract/api/trigger";
import { toPublicId } from "@pawl/contract/ids";
import type { Engine } from "../../engine/engine.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import { withIdempotencyHeaders } from "../idempotency-headers.ts";
import { parentOf } from "../parent.ts";
import { payloadBodyLimit } from "../payload.ts";
import { refusalError } from "../refusal.ts";
import { requestKeyOf } from "../request-key.ts";
import type { Route } from "../route.ts";
import { noOptions, toTriggerRequest } from "../trigger-request.ts";
import { parse, pathPart } from "../validation.ts";

/**
 * `POST /api/v1/tasks/:taskId/trigger`: makes a run. The busiest route: it answers with a text made by hand.
 *
 * @param engine - makes the run
 * @param runs - knows the claim of a parent
 * @returns the route
 */
export function triggerRoute(engine: Engine, runs: Pick<RunReader, "claimOf">): Route {
  return {
    method: "POST",
    path: "/api/v1/tasks/:taskId/trigger",
    accepts: "environment_key",
    bodyLimit: payloadBodyLimit,
    async answer(request, reply, { environment, signPublicToken }) {
      const body = withIdempotencyHeaders(request, parse(triggerBodySchema, request.body ?? {}, "body"));
      const options = body.options ?? noOptions;
      const hasParent = options.parentRunId !== undefined || options.resumeParentOnCompletion === true;
      const outcome = await engine.trigger(
        toTriggerRequest(pathPart(request, "taskId"), body, {
          environment,
          requestKey: requestKeyOf(request),
          batchId: null,
          batchIndex: null,
          parent: hasParent ? await parentOf(runs, environment.id, options, "options.") : null,
          isAwaited: options.resumeParentOnCompletion === true,
        }),
      );
      if (outcome.kind === "refused") throw refusalError(outcome.reason, "options.");
      const id = toPublicId("run", outcome.runId);
      reply.header("x-trigger-jwt", signPublicToken(`read:runs:${id}`));
      reply.header("content-type", "application/json; charset=utf-8");
      return `{"id":"${id}","isCached":${outcome.kind === "found" && outcome.isCached}}`;
    },
  };
}
