import type { RunDetail } from "@pawl/contract/api/runs";
import { toPublicId } from "@pawl/contract/ids";
import type { Engine } from "../../engine/engine.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import { requireScope } from "../authentication.ts";
import type { Route } from "../route.ts";
import { readRunDetail } from "../run-view.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

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
    async answer(request, _reply, caller): Promise<RunDetail> {
      const id = pathPart(request, "runId");
      const run = await runs.retrieve(caller.environment.id, idInPath(request, "runId", "run"));
      requireScope(caller, "read", [
        ["runs", id],
        ...(run === null ? [] : [["tasks", run.taskId] as const, ...run.tags.map((tag) => ["tags", tag] as const)]),
        ...(run === null || run.batchId === null ? [] : [["batch", toPublicId("batch", run.batchId)] as const]),
      ]);
      if (run === null) throw notFound("run", id);
      return readRunDetail({ runs, engine }, caller.environment, run);
    },
  };
}
