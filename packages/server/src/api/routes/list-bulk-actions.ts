import { bulkActionListSchema } from "@pawl/contract/api/answers/bulk-actions";
import { type BulkActionList, listBulkActionsQuerySchema } from "@pawl/contract/api/bulk-actions";
import type { BulkActionStore } from "../../engine/bulk-ports.ts";
import { bulkActionObject } from "../bulk-action-view.ts";
import { cursorOf, paginationOf } from "../list-query.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

/**
 * `GET /api/v1/bulk-actions`: the bulk actions of an environment, newest first, in pages.
 *
 * @param bulkActions - reads them
 * @returns the route
 */
export function listBulkActionsRoute(bulkActions: Pick<BulkActionStore, "list">): Route {
  return {
    method: "GET",
    path: "/api/v1/bulk-actions",
    accepts: "environment_key",
    document: {
      summary: "List bulk actions",
      tag: "Bulk actions",
      query: listBulkActionsQuerySchema,
      answers: { 200: bulkActionListSchema },
    },
    async answer(request, _reply, { environment }): Promise<BulkActionList> {
      const query = parse(listBulkActionsQuerySchema, request.query, "query");
      const cursor = cursorOf(query, "bulk");
      const page = await bulkActions.list(environment.id, {
        cursor: cursor === null ? null : { direction: cursor.direction, id: cursor.uuid },
        size: query["page[size]"],
      });
      const data = page.actions.map(bulkActionObject);
      return { data, pagination: paginationOf(data, page, query) };
    },
  };
}
