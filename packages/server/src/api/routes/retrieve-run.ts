import { runDetailSchema } from "@pawl/contract/api/answers/runs";
import type { RunDetail } from "@pawl/contract/api/runs";
import type { Engine } from "../../engine/engine.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import type { Route } from "../route.ts";
import { requireRunRead, runReadScopes } from "../run-scope.ts";
import { readRunDetail } from "../run-view.ts";
import { idInPath, pathPart } from "../validation.ts";

/**
 * `GET /api/v3/runs/:runId`: all that is known of one run; for one that has not ended also why it is not executing. A public
 * token may read it by the run, its task, a tag or its batch.
 *
 * @param engine - knows the hosts of this server
 * @param runs - reads runs
 * @returns the route
 */
export function retrieveRunRoute(engine: Engine, runs: RunReader): Route {
  return {
    method: "GET",
    path: "/api/v3/runs/:runId",
    accepts: "public_token",
    document: {
      summary: "Retrieve a run",
      tag: "Runs",
      answers: { 200: runDetailSchema },
      scopes: runReadScopes,
    },
    async answer(request, _reply, caller): Promise<RunDetail> {
      const id = pathPart(request, "runId");
      const run = await runs.retrieve(caller.environment.id, idInPath(request, "runId", "run"));
      requireRunRead(caller, id, run);
      return readRunDetail({ runs, engine }, caller.environment, run);
    },
  };
}
