import { bulkActionAnswerSchema } from "@pawl/contract/api/answers/bulk-actions";
import type { BulkActionAnswer } from "@pawl/contract/api/bulk-actions";
import type { Engine } from "../../engine/engine.ts";
import type { Route } from "../route.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `POST /api/v1/bulk-actions/:bulkActionId/abort`: ends a bulk action within a page. What it has done stays; one that is over stays as
 * it is.
 *
 * @param engine - ends it
 * @returns the route
 */
export function abortBulkActionRoute(engine: Engine): Route {
  return {
    method: "POST",
    path: "/api/v1/bulk-actions/:bulkActionId/abort",
    accepts: "environment_key",
    document: {
      summary: "Abort a bulk action",
      tag: "Bulk actions",
      description: "What it has done stays.",
      answers: { 200: bulkActionAnswerSchema },
    },
    async answer(request, _reply, { environment }): Promise<BulkActionAnswer> {
      const id = pathPart(request, "bulkActionId");
      if (!(await engine.abortBulkAction(environment.id, idInPath(request, "bulkActionId", "bulk")))) {
        throw notFound("bulk action", id);
      }
      return { id };
    },
  };
}
