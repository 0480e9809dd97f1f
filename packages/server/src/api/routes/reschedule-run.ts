import { runDetailSchema } from "@pawl/contract/api/answers/runs";
import { rescheduleBodySchema } from "@pawl/contract/api/run-control";
import type { RunDetail } from "@pawl/contract/api/runs";
import type { Engine } from "../../engine/engine.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import { ApiError } from "../errors.ts";
import type { Route } from "../route.ts";
import { readRunDetail } from "../run-view.ts";
import { idInPath, notFound, parse, pathPart } from "../validation.ts";

/**
 * `POST /api/v1/runs/:runId/reschedule`: gives a delayed run that has not started another time.
 *
 * @param engine - moves the run
 * @param runs - reads it again
 * @returns the route
 */
export function rescheduleRunRoute(engine: Engine, runs: RunReader): Route {
  return {
    method: "POST",
    path: "/api/v1/runs/:runId/reschedule",
    accepts: "environment_key",
    document: {
      summary: "Give a delayed run another time",
      tag: "Runs",
      body: rescheduleBodySchema,
      answers: { 200: runDetailSchema },
      example: { body: { delay: "2h" } },
    },
    async answer(request, _reply, { environment }): Promise<RunDetail> {
      const { delay } = parse(rescheduleBodySchema, request.body ?? {}, "body");
      const id = pathPart(request, "runId");
      const runId = idInPath(request, "runId", "run");
      const outcome = await engine.reschedule(environment.id, runId, delay);
      if (outcome === "not_delayed") {
        throw new ApiError(
          "unprocessable",
          `The run ${id} is not delayed: only a run that waits for its time can be given another.`,
        );
      }
      const run = outcome === "not_found" ? null : await runs.retrieve(environment.id, runId);
      if (run === null) throw notFound("run", id);
      return readRunDetail({ runs, engine }, environment, run);
    },
  };
}
