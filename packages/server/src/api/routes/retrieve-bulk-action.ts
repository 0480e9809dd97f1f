import { bulkActionSchema } from "@pawl/contract/api/answers/bulk-actions";
import type { BulkActionObject } from "@pawl/contract/api/bulk-actions";
import type { BulkActionStore } from "../../engine/bulk-ports.ts";
import { bulkActionObject } from "../bulk-action-view.ts";
import type { Route } from "../route.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `GET /api/v1/bulk-actions/:bulkActionId`: a bulk action as it stands.
 *
 * @param bulkActions - reads it
 * @returns the route
 */
export function retrieveBulkActionRoute(bulkActions: Pick<BulkActionStore, "retrieve">): Route {
  return {
    method: "GET",
    path: "/api/v1/bulk-actions/:bulkActionId",
    accepts: "environment_key",
    document: { summary: "Retrieve a bulk action", tag: "Bulk actions", answers: { 200: bulkActionSchema } },
    async answer(request, _reply, { environment }): Promise<BulkActionObject> {
      const action = await bulkActions.retrieve(environment.id, idInPath(request, "bulkActionId", "bulk"));
      if (action === null) throw notFound("bulk action", pathPart(request, "bulkActionId"));
      return bulkActionObject(action);
    },
  };
}
