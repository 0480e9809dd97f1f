import type { RunReader } from "../../engine/read-ports.ts";
import type { Route } from "../route.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `GET /worker/v1/runs/:runId/payload`: the text of a payload that was too long for the push of its run. The content type
 * is the payload's type.
 *
 * @param runs - reads runs
 * @returns the route
 */
export function runPayloadRoute(runs: RunReader): Route {
  return {
    method: "GET",
    path: "/worker/v1/runs/:runId/payload",
    accepts: "environment_key",
    async answer(request, reply, { environment }) {
      const run = await runs.retrieve(environment.id, idInPath(request, "runId", "run"));
      if (run === null) throw notFound("run", pathPart(request, "runId"));
      if (run.payload === null) return reply.code(204).send();
      // As bytes, so that nothing is added to the content type.
      return reply.header("content-type", run.payloadType).send(Buffer.from(run.payload));
    },
  };
}
