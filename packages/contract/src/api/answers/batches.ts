import { z } from "zod";
import type { BatchDetail, BatchItemsAnswer, BatchResults, BatchSummary, CreateBatchAnswer } from "../batch.ts";
import { countSchema, idSchema, timeSchema } from "./fields.ts";
import { runExecutionResultSchema } from "./runs.ts";

/** See {@link CreateBatchAnswer}. */
export const createBatchAnswerSchema = z.object({
  id: idSchema("batch"),
  runCount: countSchema,
  isCached: z.boolean().describe("Whether an earlier call made it and sent its items: then they are not to be sent."),
  idempotencyKey: z.string().exactOptional(),
}) satisfies z.ZodType<CreateBatchAnswer>;

/** See {@link BatchItemsAnswer}. */
export const batchItemsAnswerSchema = z.object({
  id: idSchema("batch"),
  itemsAccepted: countSchema,
  itemsDeduplicated: countSchema,
  sealed: z.boolean().describe("Whether the batch has all of its items; otherwise they are to be sent again."),
  enqueuedCount: countSchema.exactOptional(),
  expectedCount: countSchema.exactOptional(),
}) satisfies z.ZodType<BatchItemsAnswer>;

const summaryShape = {
  id: idSchema("batch"),
  status: z.enum(["PENDING", "PROCESSING", "COMPLETED", "PARTIAL_FAILED", "ABORTED"]),
  idempotencyKey: z.string().exactOptional(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  runCount: countSchema,
  runs: z.array(idSchema("run")).describe("In the order of the items."),
} as const;

/** See {@link BatchSummary}. */
export const batchSummarySchema = z.object(summaryShape) satisfies z.ZodType<BatchSummary>;

/** See {@link BatchDetail}. */
export const batchDetailSchema = z.object({
  ...summaryShape,
  processing: z.object({
    completedAt: timeSchema.exactOptional(),
    errors: z
      .array(
        z.object({
          index: countSchema,
          taskIdentifier: z.string(),
          error: z.string(),
          errorCode: z.string().exactOptional(),
        }),
      )
      .describe("The items that could not be triggered."),
  }),
}) satisfies z.ZodType<BatchDetail>;

/** See {@link BatchResults}. */
export const batchResultsSchema = z.object({
  id: idSchema("batch"),
  items: z.array(runExecutionResultSchema),
}) satisfies z.ZodType<BatchResults>;
