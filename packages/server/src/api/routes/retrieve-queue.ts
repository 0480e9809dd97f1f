import { queueSchema } from "@pawl/contract/api/answers/queues";
import { type QueueItem, retrieveQueueQuerySchema } from "@pawl/contract/api/queues";
import type { QueueStore } from "../../engine/queue-ports.ts";
import { findQueue, queueItem, queueParams } from "../queue-view.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

/**
 * `GET /api/v1/queues/:queue`: a queue with live counts, by its id, its task or its name.
 *
 * @param queues - reads queues
 * @returns the route
 */
export function retrieveQueueRoute(queues: Pick<QueueStore, "retrieve">): Route {
  return {
    method: "GET",
    path: "/api/v1/queues/:queue",
    accepts: "environment_key",
    document: {
      summary: "Retrieve a queue",
      tag: "Queues",
      params: queueParams,
      query: retrieveQueueQuerySchema,
      answers: { 200: queueSchema },
    },
    async answer(request, _reply, { environment }): Promise<QueueItem> {
      const { type } = parse(retrieveQueueQuerySchema, request.query, "query");
      return queueItem(await findQueue(queues, environment.id, request, type));
    },
  };
}
