import { triggerBodySchema } from "@pawl/contract/api/trigger";
import { toPublicId } from "@pawl/contract/ids";
import type { Engine } from "../../engine/engine.ts";
import { payloadBodyLimit } from "../payload.ts";
import { requestKeyOf } from "../request-key.ts";
import type { Route } from "../route.ts";
import { toTriggerRequest } from "../trigger-request.ts";
import { parse, pathPart } from "../validation.ts";

/**
 * `POST /api/v1/tasks/:taskId/trigger`: makes a run. The busiest route: it answers with a text made by hand.
 *
 * @param engine - makes the run
 * @returns the route
 */
export function triggerRoute(engine: Engine): Route {
  return {
    method: "POST",
    path: "/api/v1/tasks/:taskId/trigger",
    accepts: "environment_key",
    bodyLimit: payloadBodyLimit,
    async answer(request, reply, caller) {
      const body = parse(triggerBodySchema, request.body ?? {}, "body");
      const outcome = await engine.trigger(
        toTriggerRequest(pathPart(request, "taskId"), body, {
          environmentId: caller.environment.id,
          requestKey: requestKeyOf(request),
          batchId: null,
          batchIndex: null,
        }),
      );
      const id = toPublicId("run", outcome.runId);
      reply.header("x-trigger-jwt", caller.signPublicToken(`read:runs:${id}`));
      reply.header("content-type", "application/json; charset=utf-8");
      // A run found by its request key was made by this same call: for the caller nothing was cached.
      return `{"id":"${id}","isCached":false}`;
    },
  };
}
