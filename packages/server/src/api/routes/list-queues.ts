import { queueListSchema } from "@pawl/contract/api/answers/queues";
import { listQueuesQuerySchema, type QueueList } from "@pawl/contract/api/queues";
import type { QueueStore } from "../../engine/queue-ports.ts";
import { queueItem } from "../queue-view.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

/**
 * `GET /api/v1/queues`: the queues of an environment with live counts, in numbered pages.
 *
 * @param queues - reads queues
 * @returns the route
 */
export function listQueuesRoute(queues: Pick<QueueStore, "list">): Route {
  return {
    method: "GET",
    path: "/api/v1/queues",
    accepts: "environment_key",
    document: {
      summary: "List queues",
      tag: "Queues",
      query: listQueuesQuerySchema,
      answers: { 200: queueListSchema },
    },
    async answer(request, _reply, { environment }): Promise<QueueList> {
      const { page, perPage } = parse(listQueuesQuerySchema, request.query, "query");
      const found = await queues.list(environment.id, { offset: (page - 1) * perPage, size: perPage });
      return {
        data: found.queues.map(queueItem),
        pagination: { currentPage: page, totalPages: Math.ceil(found.count / perPage), count: found.count },
      };
    },
  };
}
