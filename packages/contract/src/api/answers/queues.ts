import { z } from "zod";
import type { QueueItem, QueueList, RateLimitItem, RateLimitItems } from "../queues.ts";
import { countSchema, idSchema, numberedPaginationSchema, timeSchema } from "./fields.ts";

const rateSchema = z
  .object({
    limit: z.int(),
    period: z.int().describe("In milliseconds."),
    burst: z.int().describe("How many of them may start at once."),
  })
  .meta({ id: "RateLimit" }) satisfies z.ZodType<RateLimitItem>;

const ratesShape = {
  rateLimit: rateSchema.nullable().describe("For each concurrency key; null: none."),
  combinedRateLimit: rateSchema.nullable().describe("For all concurrency keys together; null: none."),
} as const;
const ratesSchema = z.object(ratesShape) satisfies z.ZodType<RateLimitItems>;

/** See {@link QueueItem}. */
export const queueSchema = z
  .object({
    ...ratesShape,
    id: idSchema("queue"),
    name: z.string().describe("Of a task's own queue, the id of the task."),
    type: z.enum(["task", "custom"]),
    running: countSchema,
    queued: countSchema,
    paused: z.boolean(),
    concurrencyLimit: countSchema.nullable().describe("For each concurrency key; null: no limit of its own."),
    concurrency: z
      .object({
        current: countSchema.nullable(),
        base: countSchema.nullable(),
        override: countSchema.nullable(),
        overriddenAt: timeSchema.nullable(),
        overriddenBy: z.string().nullable(),
      })
      .exactOptional(),
    rates: z
      .object({
        base: ratesSchema,
        override: z
          .object({
            rateLimit: rateSchema.nullable().exactOptional(),
            combinedRateLimit: rateSchema.nullable().exactOptional(),
          })
          .nullable(),
        overriddenAt: timeSchema.nullable(),
      })
      .exactOptional(),
  })
  .meta({ id: "Queue" }) satisfies z.ZodType<QueueItem>;

/** See {@link QueueList}. */
export const queueListSchema = z.object({
  data: z.array(queueSchema),
  pagination: numberedPaginationSchema,
}) satisfies z.ZodType<QueueList>;
