import { runExplanationSchema } from "@pawl/contract/api/answers/runs";
import type { RunExplanation } from "@pawl/contract/api/explain";
import type { Engine } from "../../engine/engine.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import { explainEndHook } from "../explain/end-hook.ts";
import { explain } from "../explain/explain.ts";
import type { Route } from "../route.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `GET /api/v1/runs/:runId/explain`: why a run does not execute, with every condition of the claim and whether it holds; of one that has
 * finished, why a hook of it has still to be called.
 *
 * @param engine - knows the hosts of this server
 * @param runs - reads the figures
 * @returns the route
 */
export function explainRunRoute(engine: Engine, runs: Pick<RunReader, "standing" | "result" | "endHook">): Route {
  return {
    method: "GET",
    path: "/api/v1/runs/:runId/explain",
    accepts: "environment_key",
    document: { summary: "Explain why a run does not execute", tag: "Runs", answers: { 200: runExplanationSchema } },
    async answer(request, _reply, { environment }): Promise<RunExplanation> {
      const runId = idInPath(request, "runId", "run");
      const explainLive = async (id: string): Promise<RunExplanation | null> => {
        const standing = await runs.standing(environment.id, id);
        const freeProcesses = engine.freeProcesses(environment.id);
        return standing === null ? null : explain({ standing, environmentSlug: environment.slug, freeProcesses });
      };
      const explanation = await explainLive(runId);
      if (explanation !== null) return explanation;
      const hook = await runs.endHook(environment.id, runId);
      if (hook !== null) return explainEndHook(hook, hook.runId === null ? null : await explainLive(hook.runId));
      if ((await runs.result(environment.id, runId)) === null) throw notFound("run", pathPart(request, "runId"));
      return { reason: null, conditions: [] };
    },
  };
}
