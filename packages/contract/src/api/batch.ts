import { z } from "zod";
import type { RunExecutionResult } from "./run-control.ts";
import { durationSchema, maxIdempotencyKeyLength, optional, triggerOptionsSchema } from "./trigger.ts";

/** The most items one batch may have. */
export const maxBatchItems = 10_000;

/** The body of `POST /api/v3/batches`, the first phase of a batch. */
export const createBatchBodySchema = z.object({
  runCount: z.int().min(1).max(maxBatchItems),
  taskIdentifiers: optional(z.array(z.string().min(1))),
  idempotencyKey: optional(z.string().min(1).max(maxIdempotencyKeyLength)),
  idempotencyKeyTTL: optional(durationSchema),
  /** `run_…`, when a task triggers. */
  parentRunId: optional(z.string()),
  /** The fence of the parent's claim, from Pawl's own run processes. */
  parentFence: optional(z.int()),
  /** Whether the parent waits for the whole batch. */
  resumeParentOnCompletion: optional(z.boolean()),
  /** The key of the parent's wait for the batch, from Pawl's own run processes. */
  parentWait: optional(z.string().min(1).max(128)),
});

/** The answer to the first phase, with status 202. */
export interface CreateBatchAnswer {
  readonly id: string;
  readonly runCount: number;
  /** Whether an earlier call made the batch and sent all of its items: then they are not to be sent. */
  readonly isCached: boolean;
  readonly idempotencyKey?: string;
}

/** The query of `POST /api/v3/batches/:batchId/items`: with `sequential=true` no run is queued before that of an earlier line. */
export const batchItemsQuerySchema = z.object({ sequential: z.string().optional() });

/** What has to be right of a line for it to be an item of a batch at all. */
export const batchPlaceSchema = z.object({
  index: z.int().min(0),
  task: z
    .string()
    .min(1)
    .max(128)
    .refine((task) => !task.includes("\0"), "contains the character NUL (U+0000)"),
});

/** One line of the body of `POST /api/v3/batches/:batchId/items`, the second phase. */
export const batchLineSchema = batchPlaceSchema.extend({
  payload: z.unknown().optional(),
  options: optional(triggerOptionsSchema),
});

/** A batch item after parsing. */
export type BatchLine = z.infer<typeof batchLineSchema>;

/** The answer to the second phase. A batch that is not sealed expects its items again; those it has are skipped. */
export interface BatchItemsAnswer {
  readonly id: string;
  readonly itemsAccepted: number;
  readonly itemsDeduplicated: number;
  readonly sealed: boolean;
  readonly enqueuedCount?: number;
  readonly expectedCount?: number;
}

/**
 * Where a batch stands. `PROCESSING`: items are still to come. `PENDING`: all items have come and runs of it have not ended.
 * `PARTIAL_FAILED`: it has ended, and some items could not be triggered. `ABORTED`: its items never came in full.
 */
export type BatchStatus = "PENDING" | "PROCESSING" | "COMPLETED" | "PARTIAL_FAILED" | "ABORTED";

/** The answer of `GET /api/v1/batches/:batchId`. */
export interface BatchSummary {
  readonly id: string;
  readonly status: BatchStatus;
  readonly idempotencyKey?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly runCount: number;
  /** In the order of the items. */
  readonly runs: readonly string[];
}

/** An item of a batch that could not be triggered. */
export interface BatchItemError {
  readonly index: number;
  readonly taskIdentifier: string;
  readonly error: string;
  readonly errorCode?: string;
}

/** The answer of `GET /api/v2/batches/:batchId`. */
export interface BatchDetail extends BatchSummary {
  readonly processing: {
    /** When the last item had come. */
    readonly completedAt?: string;
    readonly errors: readonly BatchItemError[];
  };
}

/** The answer of `GET /api/v1/batches/:batchId/results`: the items that have ended, in their order. */
export interface BatchResults {
  readonly id: string;
  readonly items: readonly RunExecutionResult[];
}
