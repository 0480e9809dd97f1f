import { queueSchema } from "@pawl/contract/api/answers/queues";
import {
  overrideLimitBodySchema,
  pauseQueueBodySchema,
  type QueueItem,
  resetLimitBodySchema,
} from "@pawl/contract/api/queues";
import type { FastifyRequest } from "fastify";
import type { Engine } from "../../engine/engine.ts";
import type { QueueStore } from "../../engine/queue-ports.ts";
import { findQueue, queueItem, queueParams } from "../queue-view.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

type QueueReader = Pick<QueueStore, "retrieve">;

/**
 * `POST /api/v1/queues/:queue/pause`: pauses or resumes a queue. What executes goes on; nothing new starts while it is paused.
 *
 * @param engine - changes the queue
 * @param queues - reads it
 * @returns the route
 */
export function pauseQueueRoute(engine: Engine, queues: QueueReader): Route {
  return {
    method: "POST",
    path: "/api/v1/queues/:queue/pause",
    accepts: "environment_key",
    document: {
      summary: "Pause or resume a queue",
      tag: "Queues",
      params: queueParams,
      body: pauseQueueBodySchema,
      answers: { 200: queueSchema },
      example: { body: { type: "custom", action: "pause" } },
    },
    answer(request, _reply, { environment }) {
      const { type, action } = parse(pauseQueueBodySchema, request.body ?? {}, "body");
      return changeQueue({ queues, environmentId: environment.id, request, type }, (name) =>
        engine.setQueuePaused(environment.id, name, action === "pause"),
      );
    },
  };
}

/**
 * `POST /api/v1/queues/:queue/concurrency/override`: gives a queue another limit than the one its code declares, until it is reset.
 *
 * @param engine - changes the queue
 * @param queues - reads it
 * @returns the route
 */
export function overrideQueueLimitRoute(engine: Engine, queues: QueueReader): Route {
  return {
    method: "POST",
    path: "/api/v1/queues/:queue/concurrency/override",
    accepts: "environment_key",
    document: {
      summary: "Override the limit of a queue",
      tag: "Queues",
      params: queueParams,
      body: overrideLimitBodySchema,
      answers: { 200: queueSchema },
      example: { body: { type: "custom", concurrencyLimit: 20 } },
    },
    answer(request, _reply, { environment }) {
      const { type, concurrencyLimit } = parse(overrideLimitBodySchema, request.body ?? {}, "body");
      return changeQueue({ queues, environmentId: environment.id, request, type }, (name) =>
        engine.overrideQueueLimit(environment.id, name, concurrencyLimit),
      );
    },
  };
}

/**
 * `POST /api/v1/queues/:queue/concurrency/reset`: gives a queue the limit back that its code declares.
 *
 * @param engine - changes the queue
 * @param queues - reads it
 * @returns the route
 */
export function resetQueueLimitRoute(engine: Engine, queues: QueueReader): Route {
  return {
    method: "POST",
    path: "/api/v1/queues/:queue/concurrency/reset",
    accepts: "environment_key",
    document: {
      summary: "Reset the limit of a queue",
      tag: "Queues",
      params: queueParams,
      body: resetLimitBodySchema,
      answers: { 200: queueSchema },
    },
    answer(request, _reply, { environment }) {
      const { type } = parse(resetLimitBodySchema, request.body ?? {}, "body");
      return changeQueue({ queues, environmentId: environment.id, request, type }, (name) =>
        engine.overrideQueueLimit(environment.id, name, null),
      );
    },
  };
}

/** A request that changes a queue. */
export interface QueueCall {
  readonly queues: QueueReader;
  readonly environmentId: string;
  readonly request: FastifyRequest;
  readonly type: "id" | "task" | "custom";
}

/**
 * Changes the queue that a path names.
 *
 * @param call - the request, and what its path names the queue by
 * @param change - changes it, by its name
 * @returns the queue as it stands then
 * @throws ApiError `not_found`
 */
export async function changeQueue(call: QueueCall, change: (name: string) => Promise<boolean>): Promise<QueueItem> {
  const { name } = await findQueue(call.queues, call.environmentId, call.request, call.type);
  await change(name);
  return queueItem(await findQueue(call.queues, call.environmentId, call.request, call.type));
}
