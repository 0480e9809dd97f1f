import { runExecutionResultSchema } from "@pawl/contract/api/answers/runs";
import type { RunExecutionResult } from "@pawl/contract/api/run-control";
import type { RunReader } from "../../engine/read-ports.ts";
import { executionResult } from "../batch-view.ts";
import { ApiError } from "../errors.ts";
import type { Route } from "../route.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `GET /api/v1/runs/:runId/result`: how a run ended. One that has not is not found, as published clients expect.
 *
 * @param runs - reads runs
 * @returns the route
 */
export function runResultRoute(runs: Pick<RunReader, "result">): Route {
  return {
    method: "GET",
    path: "/api/v1/runs/:runId/result",
    accepts: "environment_key",
    document: {
      summary: "Get the result of a run",
      tag: "Runs",
      description: "404 while it has not ended.",
      answers: { 200: runExecutionResultSchema },
    },
    async answer(request, _reply, { environment }): Promise<RunExecutionResult> {
      const id = pathPart(request, "runId");
      const result = await runs.result(environment.id, idInPath(request, "runId", "run"));
      if (result === null) throw notFound("run", id);
      if (result === "unfinished")
        throw new ApiError("not_found", `The run ${id} has not ended, and has no result yet.`);
      return executionResult(result);
    },
  };
}
