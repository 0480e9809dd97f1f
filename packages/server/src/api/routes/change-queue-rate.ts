import { queueSchema } from "@pawl/contract/api/answers/queues";
import { overrideRateLimitBodySchema, resetRateLimitBodySchema } from "@pawl/contract/api/queues";
import { defaultBurst, type RateLimit } from "@pawl/contract/rate-limit";
import type { Engine } from "../../engine/engine.ts";
import type { QueueStore } from "../../engine/queue-ports.ts";
import { queueParams } from "../queue-view.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";
import { changeQueue } from "./change-queue.ts";

type QueueReader = Pick<QueueStore, "retrieve">;

/**
 * `POST /api/v1/queues/:queue/rate-limit/override`: lets runs of a queue start at another rate than its code declares, until it is
 * reset. It takes the place of an override before.
 *
 * @param engine - changes the queue
 * @param queues - reads it
 * @returns the route
 */
export function overrideQueueRateRoute(engine: Engine, queues: QueueReader): Route {
  return {
    method: "POST",
    path: "/api/v1/queues/:queue/rate-limit/override",
    accepts: "environment_key",
    document: {
      summary: "Override the rates of a queue",
      tag: "Queues",
      params: queueParams,
      body: overrideRateLimitBodySchema,
      answers: { 200: queueSchema },
      example: { body: { type: "custom", rateLimit: { limit: 10, period: "1m" } } },
    },
    answer(request, _reply, { environment }) {
      const body = parse(overrideRateLimitBodySchema, request.body ?? {}, "body");
      const { type, rateLimit, combinedRateLimit } = body;
      return changeQueue({ queues, environmentId: environment.id, request, type }, (name) =>
        engine.overrideQueueRates(environment.id, name, {
          ...(rateLimit === undefined ? {} : { rateLimit: withBurst(rateLimit) }),
          ...(combinedRateLimit === undefined ? {} : { combinedRateLimit: withBurst(combinedRateLimit) }),
        }),
      );
    },
  };
}

/**
 * `POST /api/v1/queues/:queue/rate-limit/reset`: lets runs of a queue start at the rate that its code declares.
 *
 * @param engine - changes the queue
 * @param queues - reads it
 * @returns the route
 */
export function resetQueueRateRoute(engine: Engine, queues: QueueReader): Route {
  return {
    method: "POST",
    path: "/api/v1/queues/:queue/rate-limit/reset",
    accepts: "environment_key",
    document: {
      summary: "Reset the rates of a queue",
      tag: "Queues",
      params: queueParams,
      body: resetRateLimitBodySchema,
      answers: { 200: queueSchema },
    },
    answer(request, _reply, { environment }) {
      const { type } = parse(resetRateLimitBodySchema, request.body ?? {}, "body");
      return changeQueue({ queues, environmentId: environment.id, request, type }, (name) =>
        engine.overrideQueueRates(environment.id, name, null),
      );
    },
  };
}

function withBurst(rate: RateLimit | null) {
  return rate === null ? null : { ...rate, burst: rate.burst ?? defaultBurst(rate) };
}
