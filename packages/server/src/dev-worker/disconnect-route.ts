import { disconnectAnswerSchema, disconnectBodySchema } from "@pawl/contract/api/dev-runs";
import { fromPublicId } from "@pawl/contract/ids";
import type { Route } from "../api/route.ts";
import { parse } from "../api/validation.ts";
import type { RunParts } from "./run-parts.ts";

/**
 * `POST /engine/v1/dev/disconnect`: a worker's guard says that the worker was killed, and which runs it executed. They are cancelled,
 * and nobody is waited for.
 *
 * @param parts - what it needs
 * @returns the route
 */
export function disconnectRoute({ engine, polledHosts, polledRuns }: RunParts): Route {
  return {
    method: "POST",
    path: "/engine/v1/dev/disconnect",
    accepts: "environment_key",
    document: {
      summary: "Cancel what a session executed that was killed",
      tag: "Dev sessions",
      body: disconnectBodySchema,
      answers: { 200: disconnectAnswerSchema },
    },
    async answer(request, _reply, { environment }): Promise<{ cancelled: number }> {
      const { runFriendlyIds } = parse(disconnectBodySchema, request.body ?? {}, "body");
      const host = await polledHosts.of(environment);
      let cancelled = 0;
      for (const id of new Set(runFriendlyIds)) {
        const runId = fromPublicId("run", id);
        const run = runId === null ? null : await polledRuns.standing(environment.id, runId);
        if (runId === null || run?.hostId !== host.id) continue;
        await engine.cancel(environment.id, runId);
        const error = {
          type: "INTERNAL_ERROR",
          code: "TASK_RUN_CANCELLED",
          message: "The dev session was ended.",
        } as const;
        if (run.state !== "claimed") {
          await host.finish({ kind: "failed", runId, fence: run.fence, error, durationMs: 0, retry: { never: true } });
        }
        cancelled++;
      }
      return { cancelled };
    },
  };
}
