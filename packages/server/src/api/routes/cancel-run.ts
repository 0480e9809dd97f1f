import { runIdAnswerSchema } from "@pawl/contract/api/answers/runs";
import type { IdAnswer } from "@pawl/contract/api/run-control";
import type { Engine } from "../../engine/engine.ts";
import { requireScope } from "../authentication.ts";
import type { Route } from "../route.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `POST /api/v2/runs/:runId/cancel`: ends a run and the runs that it has made. One that has finished stays as it is.
 *
 * @param engine - cancels
 * @returns the route
 */
export function cancelRunRoute(engine: Engine): Route {
  return {
    method: "POST",
    path: "/api/v2/runs/:runId/cancel",
    accepts: "public_token",
    document: {
      summary: "Cancel a run",
      tag: "Runs",
      description: "Also the runs that it has made. One that has ended stays as it is.",
      answers: { 200: runIdAnswerSchema },
      scopes: ["write:runs:{runId}"],
    },
    async answer(request, _reply, caller): Promise<IdAnswer> {
      const id = pathPart(request, "runId");
      requireScope(caller, "write", [["runs", id]]);
      const outcome = await engine.cancel(caller.environment.id, idInPath(request, "runId", "run"));
      if (outcome === "not_found") throw notFound("run", id);
      return { id };
    },
  };
}
