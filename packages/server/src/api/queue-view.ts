import type { QueueItem } from "@pawl/contract/api/queues";
import { fromPublicId, toPublicId } from "@pawl/contract/ids";
import type { FastifyRequest } from "fastify";
import type { QueueRecord, QueueStore } from "../engine/queue-ports.ts";
import { notFound, pathPart, refuseNul } from "./validation.ts";

const taskPrefix = "task/";

/** What `:queue` stands for in a path. */
export const queueParams = {
  queue:
    "Its id, the id of the task whose own it is, or its name; `type` says which. Slashes are encoded twice: `a%252Fb`.",
};

/**
 * Renders a queue.
 *
 * @param queue - as stored
 * @returns the item of the API
 */
export function queueItem(queue: QueueRecord): QueueItem {
  const isTask = queue.name.startsWith(taskPrefix);
  const current = queue.limitOverride ?? queue.limit;
  const { declared, override } = queue.rates;
  return {
    id: toPublicId("queue", queue.id),
    name: isTask ? queue.name.slice(taskPrefix.length) : queue.name,
    type: isTask ? "task" : "custom",
    running: queue.running,
    queued: queue.queued,
    paused: queue.isPaused,
    concurrencyLimit: current,
    concurrency: {
      current,
      base: queue.limit,
      override: queue.limitOverride,
      overriddenAt: queue.overriddenAt?.toISOString() ?? null,
      overriddenBy: null,
    },
    ...declared,
    ...override,
    rates: { base: declared, override, overriddenAt: queue.rates.overriddenAt?.toISOString() ?? null },
  };
}

/**
 * Reads what a path names a queue by.
 *
 * @param request - of a route with `:queue` in its path; slashes in names are encoded twice
 * @returns an id, the id of a task, or a name
 * @throws ApiError `unprocessable` for a text that Postgres can't hold
 */
export function queueInPath(request: FastifyRequest): string {
  const text = pathPart(request, "queue").replace(/%2f/gi, "/");
  refuseNul(text, "queue");
  return text;
}

/**
 * Finds the queue that a path names.
 *
 * @param queues - reads queues
 * @param environmentId - where
 * @param request - of a route with `:queue` in its path; slashes in names are encoded twice
 * @param type - what the path holds: an id or a whole name, the id of a task whose own queue is meant, or a name
 * @returns the queue
 * @throws ApiError `not_found`
 */
export async function findQueue(
  queues: Pick<QueueStore, "retrieve">,
  environmentId: string,
  request: FastifyRequest,
  type: "id" | "task" | "custom",
): Promise<QueueRecord> {
  const text = queueInPath(request);
  const id = type === "id" ? fromPublicId("queue", text) : null;
  // What is no id is a whole name, as `ctx.queue` in the code of a task has it.
  const name = type === "task" ? `${taskPrefix}${text}` : text;
  const queue = await queues.retrieve(environmentId, id === null ? { name } : { id });
  if (queue === null) throw notFound("queue", text);
  return queue;
}
