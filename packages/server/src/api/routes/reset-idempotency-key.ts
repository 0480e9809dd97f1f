import { keyAnswerSchema } from "@pawl/contract/api/answers/runs";
import { type IdAnswer, resetKeyBodySchema } from "@pawl/contract/api/run-control";
import type { Engine } from "../../engine/engine.ts";
import { requireAction, requireScope } from "../authentication.ts";
import { ApiError } from "../errors.ts";
import type { Route } from "../route.ts";
import { parse, pathPart, refuseNul } from "../validation.ts";

/**
 * `POST /api/v1/idempotencyKeys/:key/reset`: frees the key of a task, so that the next trigger with it makes a run.
 *
 * @param engine - frees the key
 * @returns the route
 */
export function resetIdempotencyKeyRoute(engine: Engine): Route {
  return {
    method: "POST",
    path: "/api/v1/idempotencyKeys/:key/reset",
    accepts: "public_token",
    document: {
      summary: "Reset an idempotency key",
      tag: "Runs",
      description: "The next trigger of the task with it makes a run.",
      params: { key: "The key as it was sent with the trigger." },
      body: resetKeyBodySchema,
      answers: { 200: keyAnswerSchema },
      scopes: ["write:runs", "write:tasks:{task}"],
    },
    async answer(request, _reply, caller): Promise<IdAnswer> {
      const { environment } = caller;
      requireAction(caller, "write", "tasks");
      const { taskIdentifier } = parse(resetKeyBodySchema, request.body ?? {}, "body");
      requireScope(caller, "write", [
        ["runs", "*"],
        ["tasks", taskIdentifier],
      ]);
      const key = pathPart(request, "key");
      refuseNul(key, "key");
      refuseNul(taskIdentifier, "taskIdentifier");
      if (await engine.resetIdempotencyKey(environment.id, taskIdentifier, key)) return { id: key };
      const message = `No run of the task ${taskIdentifier} holds the idempotency key ${key}: it is free, or has another scope.`;
      throw new ApiError("not_found", message);
    },
  };
}
