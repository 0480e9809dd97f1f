import { batchResultsSchema } from "@pawl/contract/api/answers/batches";
import type { BatchResults } from "@pawl/contract/api/batch";
import type { BatchReader } from "../../engine/read-ports.ts";
import { itemResult } from "../batch-view.ts";
import type { Route } from "../route.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `GET /api/v1/batches/:batchId/results`: how the items of a batch ended that have, in their order.
 *
 * @param batches - reads batches
 * @returns the route
 */
export function batchResultsRoute(batches: Pick<BatchReader, "results">): Route {
  return {
    method: "GET",
    path: "/api/v1/batches/:batchId/results",
    accepts: "environment_key",
    document: {
      summary: "Get the results of a batch",
      tag: "Batches",
      description: "Of the items that have ended, in their order.",
      answers: { 200: batchResultsSchema },
    },
    async answer(request, _reply, { environment }): Promise<BatchResults> {
      const id = pathPart(request, "batchId");
      const items = await batches.results(environment.id, idInPath(request, "batchId", "batch"));
      if (items === null) throw notFound("batch", id);
      return { id, items: items.map((item) => itemResult(id, item)) };
    },
  };
}
