import { z } from "zod";
import { rateLimitSchema } from "../rate-limit.ts";
import { maxPageSize } from "./list-query.ts";

/** What a queue is named by in a path: its id, the id of a task whose own it is, or its name. */
export const queueTypeSchema = z
  .enum(["id", "task", "custom"])
  .nullish()
  .transform((type) => type ?? "id");

/** The query of `GET /api/v1/queues`. */
export const listQueuesQuerySchema = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  perPage: z.coerce.number().int().min(1).max(maxPageSize).default(25),
});

/** The query of `GET /api/v1/queues/:queue`. */
export const retrieveQueueQuerySchema = z.object({ type: queueTypeSchema });

/** The body of `POST /api/v1/queues/:queue/pause`. */
export const pauseQueueBodySchema = z.object({ type: queueTypeSchema, action: z.enum(["pause", "resume"]) });

/** The body of `POST /api/v1/queues/:queue/concurrency/override`. */
export const overrideLimitBodySchema = z.object({
  type: queueTypeSchema,
  concurrencyLimit: z.int().min(0).max(100_000),
});

/** The body of `POST /api/v1/queues/:queue/concurrency/reset`. */
export const resetLimitBodySchema = z.object({ type: queueTypeSchema });

/**
 * The body of `POST /api/v1/queues/:queue/rate-limit/override`: the rates to hold in place of what the code declares. Null lifts one;
 * one that is left out stays as declared.
 */
export const overrideRateLimitBodySchema = z
  .object({
    type: queueTypeSchema,
    rateLimit: rateLimitSchema.nullish(),
    combinedRateLimit: rateLimitSchema.nullish(),
  })
  .refine(
    ({ rateLimit, combinedRateLimit }) => rateLimit !== undefined || combinedRateLimit !== undefined,
    "must have rateLimit, combinedRateLimit or both",
  );

/** The body of `POST /api/v1/queues/:queue/rate-limit/reset`. */
export const resetRateLimitBodySchema = z.object({ type: queueTypeSchema });

/** A rate limit as the API shows it. */
export interface RateLimitItem {
  /** How many runs may start in each period. */
  readonly limit: number;
  /** The length of a period, in milliseconds. */
  readonly period: number;
  /** How many of them may start at once. */
  readonly burst: number;
}

/** Both rate limits of a queue; null: none. */
export interface RateLimitItems {
  /** For each concurrency key. */
  readonly rateLimit: RateLimitItem | null;
  /** For all concurrency keys together. */
  readonly combinedRateLimit: RateLimitItem | null;
}

/** A queue as the API shows it. Its rate limits are those that hold now. */
export interface QueueItem extends RateLimitItems {
  /** `queue_…` */
  readonly id: string;
  /** Of a task's own queue, the id of the task. */
  readonly name: string;
  readonly type: "task" | "custom";
  readonly running: number;
  readonly queued: number;
  readonly paused: boolean;
  /** For each concurrency key; null: no limit of its own. */
  readonly concurrencyLimit: number | null;
  readonly concurrency?: {
    readonly current: number | null;
    readonly base: number | null;
    readonly override: number | null;
    readonly overriddenAt: string | null;
    readonly overriddenBy: string | null;
  };
  /** Where the rate limits come from: what the code declares, and what is set in its place. */
  readonly rates?: {
    readonly base: RateLimitItems;
    /** A rate that it leaves out stays as declared; null: no override. */
    readonly override: Partial<RateLimitItems> | null;
    readonly overriddenAt: string | null;
  };
}

/** The answer of `GET /api/v1/queues`. */
export interface QueueList {
  readonly data: readonly QueueItem[];
  readonly pagination: { readonly currentPage: number; readonly totalPages: number; readonly count: number };
}
