import type { RunDetail } from "@pawl/contract/api/runs";
import type { RunReader } from "../../engine/read-ports.ts";
import { reasonFor } from "../reason.ts";
import type { Route } from "../route.ts";
import { runDetail } from "../run-view.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `GET /api/v3/runs/:runId`: all that is known of one run; for one that has not ended also why it is not executing.
 *
 * @param runs - reads runs
 * @returns the route
 */
export function retrieveRunRoute(runs: RunReader): Route {
  return {
    method: "GET",
    path: "/api/v3/runs/:runId",
    accepts: "environment_key",
    async answer(request, _reply, { environment }): Promise<RunDetail> {
      const runId = idInPath(request, "runId", "run");
      const run = await runs.retrieve(environment.id, runId);
      if (run === null) throw notFound("run", pathPart(request, "runId"));
      const isIdle = run.state !== null && run.state !== "executing";
      // The run may have moved on between the two reads; then there is nothing to explain.
      const standing = isIdle ? await runs.standing(environment.id, runId) : null;
      return runDetail(run, standing === null ? null : reasonFor(standing, run, environment.slug));
    },
  };
}
