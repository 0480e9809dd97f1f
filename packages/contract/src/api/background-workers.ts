import { z } from "zod";
import { parseDuration } from "../duration.ts";
import { declaredScheduleSchema } from "../schedule.ts";
import { optional, textSchema } from "./trigger.ts";

// A version of a project as the original's command line describes it. What only a dashboard needs is left out.

const limitSchema = optional(z.int().min(0).max(100_000));

const queueLimits = { concurrencyLimit: limitSchema, combinedConcurrencyLimit: limitSchema };

const ttlMessage = "must be a duration such as 10m, or seconds";

/** Parsed to seconds. */
const ttlSchema = z
  .union([z.number().min(0), z.string().transform((text) => (parseDuration(text) ?? Number.NaN) / 1_000)], ttlMessage)
  .refine((lengthS) => Number.isFinite(lengthS), ttlMessage);

const retrySchema = z.object({
  maxAttempts: optional(z.int()),
  factor: optional(z.number()),
  minTimeoutInMs: optional(z.number()),
  maxTimeoutInMs: optional(z.number()),
  randomize: optional(z.boolean()),
});

const taskSchema = z.object({
  id: textSchema(1, 128),
  filePath: textSchema(1, 4_096),
  exportName: optional(z.string()),
  description: optional(z.string()),
  queue: optional(z.object({ name: optional(textSchema(1, 128)), ...queueLimits })),
  retry: optional(retrySchema),
  machine: optional(z.object({ preset: optional(z.string()) })),
  maxDuration: optional(z.number().positive()),
  ttl: optional(ttlSchema),
  triggerSource: optional(z.string()),
  schedule: optional(declaredScheduleSchema),
  /** A limit of the task alone, and the names of limits that it shares with others. */
  concurrency: optional(
    z.object({
      inline: optional(z.object({ perKey: limitSchema, total: limitSchema })),
      limits: optional(z.array(z.string())),
    }),
  ),
  gates: optional(z.array(z.unknown())),
});

/** One task of a {@link BackgroundWorkerBody}. */
export type BackgroundWorkerTask = z.output<typeof taskSchema>;

/** The body of `POST /api/v1/projects/:ref/background-workers`. */
export const backgroundWorkerBodySchema = z.object({
  metadata: z.object({
    contentHash: textSchema(8, 128),
    tasks: z.array(taskSchema).max(5_000),
    queues: optional(z.array(z.object({ name: textSchema(1, 128), ...queueLimits }))),
  }),
});

/** A version to register, after parsing. */
export type BackgroundWorkerBody = z.output<typeof backgroundWorkerBodySchema>;

/** The answer of `POST /api/v1/projects/:ref/background-workers`. */
export const backgroundWorkerAnswerSchema = z.object({
  id: z.string(),
  /** `YYYYMMDD.N` */
  version: z.string(),
  contentHash: z.string(),
});

/** A registered version. */
export type BackgroundWorkerAnswer = z.infer<typeof backgroundWorkerAnswerSchema>;
