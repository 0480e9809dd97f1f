import { runExplanationSchema } from "@pawl/contract/api/answers/runs";
import type { RunExplanation } from "@pawl/contract/api/explain";
import type { Engine } from "../../engine/engine.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import { explain } from "../explain/explain.ts";
import type { Route } from "../route.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `GET /api/v1/runs/:runId/explain`: why a run does not execute, with every condition of the claim and whether it holds.
 *
 * @param engine - knows the hosts of this server
 * @param runs - reads the figures
 * @returns the route
 */
export function explainRunRoute(engine: Engine, runs: Pick<RunReader, "standing" | "result">): Route {
  return {
    method: "GET",
    path: "/api/v1/runs/:runId/explain",
    accepts: "environment_key",
    document: { summary: "Explain why a run does not execute", tag: "Runs", answers: { 200: runExplanationSchema } },
    async answer(request, _reply, { environment }): Promise<RunExplanation> {
      const runId = idInPath(request, "runId", "run");
      const standing = await runs.standing(environment.id, runId);
      if (standing !== null) {
        const freeProcesses = engine.freeProcesses(environment.id);
        return explain({ standing, environmentSlug: environment.slug, freeProcesses });
      }
      if ((await runs.result(environment.id, runId)) === null) throw notFound("run", pathPart(request, "runId"));
      return { reason: null, conditions: [] };
    },
  };
}
