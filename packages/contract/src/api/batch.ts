import { z } from "zod";
import { triggerOptionsSchema } from "./trigger.ts";

/** The most items one batch may have. */
export const maxBatchItems = 10_000;

/** The body of `POST /api/v3/batches`, the first phase of a batch. */
export const createBatchBodySchema = z.object({
  runCount: z.int().min(1).max(maxBatchItems),
  taskIdentifiers: z.array(z.string().min(1)).optional(),
});

/** The answer to the first phase, with status 202. */
export interface CreateBatchAnswer {
  readonly id: string;
  readonly runCount: number;
  readonly isCached: boolean;
}

/** One line of the body of `POST /api/v3/batches/:batchId/items`, the second phase. */
export const batchLineSchema = z.object({
  index: z.int().min(0),
  task: z.string().min(1).max(128),
  payload: z.unknown().optional(),
  options: z
    .union([triggerOptionsSchema, z.null()])
    .optional()
    .transform((value) => value ?? undefined),
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
