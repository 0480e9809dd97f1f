import type { QueueItem, QueueList } from "@pawl/contract/api/queues";
import type { RateLimitInput } from "@pawl/contract/rate-limit";
import { closest } from "../closest.ts";
import { CommandError } from "../command-error.ts";
import { NotFoundError, send } from "./client.ts";
import type { Credentials } from "./credentials.ts";

/** The calls about queues. Each throws a CommandError in one sentence when the server does not do it. */
export interface QueueClient {
  /** A page of 100, from 1. */
  list(page: number): Promise<QueueList>;
  setPaused(queue: string, isPaused: boolean): Promise<QueueItem>;
  /** @param limit - null: back to the limit that the code says */
  setLimit(queue: string, limit: number | null): Promise<QueueItem>;
  /** @param rates - null: back to the rates that the code says */
  setRates(queue: string, rates: RateOverride | null): Promise<QueueItem>;
}

/** The rates to hold in place of those that the code says. Null lifts one; one that is left out stays as the code says. */
export interface RateOverride {
  /** For each concurrency key. */
  readonly rateLimit?: RateLimitInput | null;
  /** For all concurrency keys together. */
  readonly combinedRateLimit?: RateLimitInput | null;
}

const pageSize = 100;

/**
 * Makes a client of a server's queues. They are named as tasks name them: by a name of their own, as `task/<id>`, or by the
 * id of a task that has no other queue.
 *
 * @param credentials - the server and the key
 * @returns the client
 */
export function createQueueClient(credentials: Credentials): QueueClient {
  // The answers are those of the contract: server and command are released together.
  const list = async (page: number) => {
    return (await send(credentials, {
      method: "GET",
      path: `/api/v1/queues?page=${page}&perPage=${pageSize}`,
    })) as QueueList;
  };
  const change = async (queue: string, action: string, body: Readonly<Record<string, unknown>>): Promise<QueueItem> => {
    const references = referencesTo(queue);
    for (const { type, value } of references) {
      try {
        const path = `/api/v1/queues/${pathPartOf(value)}/${action}`;
        return (await send(credentials, {
          method: "POST",
          path,
          body: JSON.stringify({ type, ...body }),
        })) as QueueItem;
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
      }
    }
    const { data } = await list(1);
    throw unknownQueue(queue, data.map(queueName));
  };
  return {
    list,
    setPaused: (queue, isPaused) => change(queue, "pause", { action: isPaused ? "pause" : "resume" }),
    setLimit: (queue, limit) =>
      limit === null
        ? change(queue, "concurrency/reset", {})
        : change(queue, "concurrency/override", { concurrencyLimit: limit }),
    setRates: (queue, rates) =>
      rates === null ? change(queue, "rate-limit/reset", {}) : change(queue, "rate-limit/override", { ...rates }),
  };
}

/**
 * The name of a queue as tasks and messages write it.
 *
 * @param queue - as the API shows it
 * @returns its name; `task/<id>` for a task's own queue
 */
export function queueName({ type, name }: QueueItem): string {
  return type === "task" && !name.startsWith("task/") ? `task/${name}` : name;
}

/** A name without a prefix may be a queue's or a task's; a queue's comes first. */
function referencesTo(queue: string): readonly { readonly type: QueueItem["type"] | "id"; readonly value: string }[] {
  if (queue.startsWith("queue_")) return [{ type: "id", value: queue }];
  if (queue.startsWith("task/")) return [{ type: "task", value: queue.slice("task/".length) }];
  return [
    { type: "custom", value: queue },
    { type: "task", value: queue },
  ];
}

/** Slashes are encoded twice, so that nothing on the way takes them for parts of the path. */
function pathPartOf(value: string): string {
  return encodeURIComponent(value.replaceAll("/", "%2F"));
}

function unknownQueue(queue: string, names: readonly string[]): CommandError {
  const meant = closest(queue, names);
  const sentence = `There is no queue ${queue}`;
  if (meant !== null) return new CommandError(`${sentence}: did you mean ${meant}?`);
  if (names.length === 0) {
    return new CommandError(`${sentence}: there are none yet. A queue is made by a worker or by the first run in it.`);
  }
  return new CommandError(`${sentence}: choose one of these.`, { details: names });
}
