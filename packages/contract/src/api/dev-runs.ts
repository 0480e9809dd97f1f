import { z } from "zod";
import { runErrorSchema } from "../run-error-schema.ts";
import { countSchema, idSchema, jsonObjectSchema, timeSchema } from "./answers/fields.ts";
import { maxIdempotencyKeyLength, optional } from "./trigger.ts";

// How a dev session of the original's command line executes runs.

/** The body of `POST /engine/v1/dev/dequeue`. */
export const dequeueBodySchema = z.object({
  currentWorker: z.string().describe("The version that the session has built last."),
});

/** A run as it stands, under an id that changes whenever its session has to know. */
const snapshotSchema = z.object({
  id: z.string(),
  friendlyId: z.string(),
  executionStatus: z.enum([
    "PENDING_EXECUTING",
    "EXECUTING",
    "EXECUTING_WITH_WAITPOINTS",
    "PENDING_CANCEL",
    "FINISHED",
  ]),
  description: z.string(),
  createdAt: timeSchema,
});

const snapshotRunSchema = z.object({
  id: idSchema("run"),
  friendlyId: idSchema("run"),
  status: z.string(),
  attemptNumber: countSchema,
});

const machineSchema = z.object({
  name: z.string(),
  cpu: z.number(),
  memory: z.number().describe("In GB."),
  centsPerMs: z.number(),
});

const dequeuedMessageSchema = z.object({
  version: z.literal("1"),
  snapshot: snapshotSchema,
  dequeuedAt: timeSchema,
  completedWaitpoints: z.array(z.never()),
  backgroundWorker: z.object({ id: idSchema("version"), friendlyId: idSchema("version"), version: z.string() }),
  deployment: z.object({}),
  run: z.object({
    id: idSchema("run"),
    friendlyId: idSchema("run"),
    isTest: z.boolean(),
    isReplay: z.boolean(),
    machine: machineSchema,
    attemptNumber: z.int().min(1),
    masterQueue: z.string(),
    traceContext: z.object({}),
  }),
  environment: z.object({ id: idSchema("env"), type: z.string() }),
  organization: z.object({ id: z.string() }),
  project: z.object({ id: z.string() }),
});

/** A run that is given to a session. */
export type DequeuedMessage = z.infer<typeof dequeuedMessageSchema>;

/** The answer of `POST /engine/v1/dev/dequeue`. */
export const dequeueAnswerSchema = z.object({ dequeuedMessages: z.array(dequeuedMessageSchema) });

const executionSchema = z.object({
  attempt: z.object({ number: z.int().min(1), startedAt: timeSchema }),
  run: z.object({
    id: idSchema("run"),
    payload: z.string(),
    payloadType: z.string(),
    tags: z.array(z.string()),
    createdAt: timeSchema,
    startedAt: timeSchema,
    isTest: z.boolean(),
    isReplay: z.boolean(),
    version: z.string(),
    maxAttempts: z.int(),
    durationMs: z.number(),
    costInCents: z.number(),
    baseCostInCents: z.number(),
    priority: z.number(),
    traceContext: z.object({ traceparent: z.string() }),
    realtimeStreamsVersion: z.string(),
    metadata: jsonObjectSchema.exactOptional(),
    maxDuration: z.number().exactOptional(),
    idempotencyKey: z.string().exactOptional(),
    idempotencyKeyScope: z.string().exactOptional(),
    concurrencyKey: z.string().exactOptional(),
    parentTaskRunId: idSchema("run").exactOptional(),
    rootTaskRunId: idSchema("run").exactOptional(),
  }),
  task: z.object({ id: z.string(), filePath: z.string(), exportName: z.string().exactOptional() }),
  queue: z.object({ id: idSchema("queue"), name: z.string() }),
  environment: z.object({ id: idSchema("env"), slug: z.string(), type: z.string() }),
  organization: z.object({ id: z.string(), slug: z.string(), name: z.string() }),
  project: z.object({ id: idSchema("proj"), ref: z.string(), slug: z.string(), name: z.string() }),
  machine: machineSchema,
  batch: z.object({ id: idSchema("batch") }).exactOptional(),
});

/** What a session executes, and its code sees as `ctx`. */
export type Execution = z.infer<typeof executionSchema>;

/** The answer of `POST …/attempts/start`. */
export const startAttemptAnswerSchema = z.object({
  snapshot: snapshotSchema,
  run: snapshotRunSchema,
  execution: executionSchema,
  envVars: z.record(z.string(), z.string()),
});

const usageSchema = optional(z.object({ durationMs: z.number().min(0) }));

const flushedMetadataSchema = optional(z.object({ data: optional(z.string()), dataType: z.string() }));

/** An error as sessions write it: one of ours, or one with a code that only they know. */
const sessionErrorSchema = z.union([
  runErrorSchema,
  z.object({
    type: z.literal("INTERNAL_ERROR"),
    code: z.string(),
    message: optional(z.string()),
    stackTrace: optional(z.string()),
  }),
  z.object({ type: z.literal("STRING_ERROR"), message: z.string() }),
]);

/** An error as sessions write it. */
export type SessionError = z.output<typeof sessionErrorSchema>;

/** The body of `POST …/attempts/complete`. */
export const completeAttemptBodySchema = z.object({
  completion: z.discriminatedUnion("ok", [
    z.object({
      ok: z.literal(true),
      output: optional(z.string()),
      outputType: z.string(),
      usage: usageSchema,
      flushedMetadata: flushedMetadataSchema,
    }),
    z.object({
      ok: z.literal(false),
      error: sessionErrorSchema,
      retry: optional(z.object({ delay: z.number().min(0).describe("In milliseconds.") })),
      skippedRetrying: optional(z.boolean()),
      usage: usageSchema,
      flushedMetadata: flushedMetadataSchema,
    }),
  ]),
});

/** How an attempt ended, as its session says. */
export type AttemptCompletion = z.output<typeof completeAttemptBodySchema>["completion"];

/** The answer of `POST …/attempts/complete`. */
export const completeAttemptAnswerSchema = z.object({
  result: z.object({
    attemptStatus: z.enum(["RUN_FINISHED", "RETRY_QUEUED"]),
    snapshot: snapshotSchema,
    run: snapshotRunSchema,
  }),
});

const namedSchema = z.object({ id: z.string(), friendlyId: z.string() });

const completedWaitpointSchema = z.object({
  id: z.string(),
  friendlyId: z.string(),
  type: z.enum(["RUN", "DATETIME", "MANUAL", "BATCH"]),
  completedAt: timeSchema,
  outputIsError: z.boolean(),
  output: z.string().exactOptional(),
  outputType: z.string().exactOptional(),
  index: countSchema.exactOptional().describe("Of the item in its batch."),
  idempotencyKey: z.string().exactOptional(),
  completedAfter: timeSchema.exactOptional(),
  completedByTaskRun: namedSchema.extend({ batch: namedSchema.exactOptional() }).exactOptional(),
  completedByBatch: namedSchema.exactOptional(),
});

/** A wait that is over, as sessions read it. */
export type CompletedWaitpoint = z.infer<typeof completedWaitpointSchema>;

/** The answer of `GET …/snapshots/latest`. */
export const latestSnapshotAnswerSchema = z.object({
  execution: z.object({
    version: z.literal("1"),
    snapshot: snapshotSchema,
    run: snapshotRunSchema,
    completedWaitpoints: z.array(completedWaitpointSchema),
  }),
});

/** The answer of `POST …/heartbeat`. */
export const heartbeatAnswerSchema = z.object({ ok: z.literal(true) });

/** The answer to what is accepted and says nothing. */
export const acceptedAnswerSchema = z.object({});

/** The body of `POST /engine/v1/dev/disconnect`. */
export const disconnectBodySchema = z.object({ runFriendlyIds: z.array(z.string()).max(1_000) });

/** The answer of `POST /engine/v1/dev/disconnect`. */
export const disconnectAnswerSchema = z.object({ cancelled: countSchema });

/** The body of `POST /engine/v1/runs/:runId/wait/duration`. */
export const waitForTimeBodySchema = z.object({
  date: z.iso
    .datetime({ offset: true, error: "must be a date, such as 2026-11-22T09:30:00Z" })
    .transform((text) => new Date(text)),
  idempotencyKey: optional(z.string().min(1).max(maxIdempotencyKeyLength)),
  idempotencyKeyTTL: optional(z.string().max(64)),
});

/** The answer of `POST /engine/v1/runs/:runId/wait/duration`. */
export const waitForTimeAnswerSchema = z.object({
  waitUntil: timeSchema,
  waitpoint: z.object({ id: idSchema("waitpoint") }),
});

/** The answer of `POST /engine/v1/runs/:runId/waitpoints/tokens/:tokenId/wait`. */
export const waitForTokenAnswerSchema = z.object({ success: z.literal(true) });
