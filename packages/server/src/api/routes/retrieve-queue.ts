import { queueSchema } from "@pawl/contract/api/answers/queues";
import { type QueueItem, retrieveQueueQuerySchema } from "@pawl/contract/api/queues";
import type { QueueStore } from "../../engine/queue-ports.ts";
import { requireScope } from "../authentication.ts";
import { findQueue, queueInPath, queueItem, queueParams } from "../queue-view.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

/**
 * `GET /api/v1/queues/:queue`: a queue with live counts, by its id, its task or its name. The scope of a public token names
 * it as the path does.
 *
 * @param queues - reads queues
 * @returns the route
 */
export function retrieveQueueRoute(queues: Pick<QueueStore, "retrieve">): Route {
  return {
    method: "GET",
    path: "/api/v1/queues/:queue",
    accepts: "public_token",
    document: {
      summary: "Retrieve a queue",
      tag: "Queues",
      params: queueParams,
      query: retrieveQueueQuerySchema,
      answers: { 200: queueSchema },
      scopes: ["read:queues:{queue}"],
    },
    async answer(request, _reply, caller): Promise<QueueItem> {
      const { type } = parse(retrieveQueueQuerySchema, request.query, "query");
      requireScope(caller, "read", [["queues", queueInPath(request)]]);
      return queueItem(await findQueue(queues, caller.environment.id, request, type));
    },
  };
}
