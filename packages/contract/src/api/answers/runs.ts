import { z } from "zod";
import type { PublicRunError } from "../../errors.ts";
import { runErrorSchema } from "../../run-error-schema.ts";
import { publicStatuses } from "../../run-state.ts";
import type { AddTagsAnswer, MetadataAnswer } from "../annotations.ts";
import type { RunExplanation } from "../explain.ts";
import type { IdAnswer, RunExecutionResult } from "../run-control.ts";
import type { AttemptFailure, RelatedRun, RunDetail, RunEvents, RunList, RunSummary } from "../runs.ts";
import type { TriggerAnswer } from "../trigger.ts";
import { countSchema, cursorPaginationSchema, idSchema, jsonObjectSchema, timeSchema } from "./fields.ts";

/** See {@link TriggerAnswer}. */
export const triggerAnswerSchema = z.object({
  id: idSchema("run"),
  isCached: z.boolean().describe("Whether the run was made by an earlier call with the same idempotency key."),
}) satisfies z.ZodType<TriggerAnswer>;

/** See {@link IdAnswer}. */
export const runIdAnswerSchema = z.object({ id: idSchema("run") }) satisfies z.ZodType<IdAnswer>;

/** The answer to the reset of an idempotency key: the key. */
export const keyAnswerSchema = z.object({ id: z.string() }) satisfies z.ZodType<IdAnswer>;

/** See {@link PublicRunError}. */
export const publicRunErrorSchema = z
  .object({
    message: z.string(),
    name: z.string().exactOptional(),
    stackTrace: z.string().exactOptional(),
    causes: z
      .array(z.object({ name: z.string(), message: z.string(), stackTrace: z.string().exactOptional() }))
      .exactOptional(),
  })
  .meta({ id: "RunError" }) satisfies z.ZodType<PublicRunError>;

const summaryShape = {
  id: idSchema("run"),
  status: z.enum(publicStatuses).meta({ id: "RunStatus" }),
  taskIdentifier: z.string(),
  idempotencyKey: z.string().exactOptional().describe("As its caller wrote it."),
  isTest: z.boolean(),
  isQueued: z.boolean(),
  isExecuting: z.boolean(),
  isWaiting: z.boolean(),
  isCompleted: z.boolean().describe("Whether it has ended, in whatever way."),
  isSuccess: z.boolean(),
  isFailed: z.boolean(),
  isCancelled: z.boolean(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  startedAt: timeSchema.exactOptional(),
  finishedAt: timeSchema.exactOptional(),
  delayedUntil: timeSchema.exactOptional(),
  ttl: z.string().exactOptional().describe("How long it may be queued before it expires, such as `10m`."),
  expiredAt: timeSchema.exactOptional(),
  version: z.string().exactOptional(),
  region: z.string().exactOptional(),
  metadata: jsonObjectSchema.exactOptional(),
  tags: z.array(z.string()),
  costInCents: z.number(),
  baseCostInCents: z.number(),
  durationMs: z.number().min(0).describe("How long its code executed, all attempts together."),
} as const;

/** See {@link RunSummary}. */
const runSummarySchema = z.object(summaryShape) satisfies z.ZodType<RunSummary>;

const relatedShape = {
  ...summaryShape,
  depth: countSchema.describe("How many parents are above it."),
  triggerFunction: z.enum(["trigger", "triggerAndWait", "batchTrigger", "batchTriggerAndWait"]),
  batchId: idSchema("batch").exactOptional(),
} as const;

const relatedRunSchema = z.object(relatedShape).meta({ id: "RelatedRun" }) satisfies z.ZodType<RelatedRun>;

const attemptFailureSchema = z.object({
  number: z.int().min(1),
  startedAt: timeSchema,
  failedAt: timeSchema,
  error: publicRunErrorSchema,
}) satisfies z.ZodType<AttemptFailure>;

/** See {@link RunDetail}. */
export const runDetailSchema = z
  .object({
    ...relatedShape,
    relatedRuns: z.object({
      root: relatedRunSchema.exactOptional(),
      parent: relatedRunSchema.exactOptional(),
      children: z.array(relatedRunSchema).describe("The first hundred."),
    }),
    schedule: z
      .object({
        id: idSchema("sched"),
        externalId: z.string().exactOptional(),
        deduplicationKey: z.string().exactOptional(),
        generator: z.object({ type: z.literal("CRON"), expression: z.string(), description: z.string() }),
      })
      .exactOptional(),
    payload: z.unknown().exactOptional().describe("Plain JSON: dates as text."),
    output: z.unknown().exactOptional().describe("Plain JSON: dates as text."),
    error: publicRunErrorSchema.exactOptional(),
    attemptCount: countSchema,
    attempts: z.array(attemptFailureSchema).describe("The attempts that failed, the first one first."),
    realtimeStreams: z.array(z.string()).describe("The streams that it gives, in the order in which they were made."),
    reason: z.string().exactOptional().describe("Why an unfinished run is not executing, in one sentence."),
  })
  .meta({ id: "Run" }) satisfies z.ZodType<RunDetail>;

/** See {@link RunList}. */
export const runListSchema = z.object({
  data: z.array(
    z
      .object({ ...runSummarySchema.shape, env: z.object({ id: idSchema("env"), name: z.string() }) })
      .meta({ id: "ListedRun" }),
  ),
  pagination: cursorPaginationSchema,
}) satisfies z.ZodType<RunList>;

/** See {@link RunEvents}. */
export const runEventsSchema = z.object({
  events: z.array(
    z.object({
      kind: z.enum(["log", "span"]),
      at: timeSchema,
      attempt: countSchema,
      level: z.enum(["trace", "debug", "info", "warn", "error"]),
      message: z.string(),
      durationMs: z.number().exactOptional(),
      isError: z.boolean().exactOptional(),
      attributes: z.unknown().exactOptional(),
    }),
  ),
}) satisfies z.ZodType<RunEvents>;

/** See {@link RunExecutionResult}. */
export const runExecutionResultSchema = z
  .discriminatedUnion("ok", [
    z.object({
      ok: z.literal(true),
      id: z.string(),
      taskIdentifier: z.string(),
      output: z.string().exactOptional().describe("The text of a packet, to be read as `outputType` says."),
      outputType: z.string(),
      usage: z.object({ durationMs: z.number() }),
    }),
    z.object({
      ok: z.literal(false),
      id: z.string(),
      taskIdentifier: z.string(),
      error: runErrorSchema,
      usage: z.object({ durationMs: z.number() }).exactOptional(),
    }),
  ])
  .meta({ id: "RunResult" }) satisfies z.ZodType<RunExecutionResult>;

/** See {@link RunExplanation}. */
export const runExplanationSchema = z.object({
  reason: z.string().nullable().describe("One sentence; null when it executes or has finished."),
  conditions: z
    .array(z.object({ name: z.string(), holds: z.boolean(), detail: z.string() }))
    .describe("In the order in which a claim judges them."),
}) satisfies z.ZodType<RunExplanation>;

/** See {@link AddTagsAnswer}. */
export const addTagsAnswerSchema = z.object({ message: z.string() }) satisfies z.ZodType<AddTagsAnswer>;

/** See {@link MetadataAnswer}. */
export const metadataAnswerSchema = z.object({ metadata: jsonObjectSchema }) satisfies z.ZodType<MetadataAnswer>;
