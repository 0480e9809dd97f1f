import { z } from "zod";
import type { BulkActionAnswer, BulkActionList, BulkActionObject, BulkDryRunAnswer } from "../bulk-actions.ts";
import { countSchema, cursorPaginationSchema, idSchema, timeSchema } from "./fields.ts";

/** See {@link BulkActionAnswer}. */
export const bulkActionAnswerSchema = z.object({ id: idSchema("bulk") }) satisfies z.ZodType<BulkActionAnswer>;

/** See {@link BulkDryRunAnswer}. */
export const bulkDryRunAnswerSchema = z.object({
  count: countSchema,
  isExact: z.boolean().describe("Otherwise there are at least so many."),
}) satisfies z.ZodType<BulkDryRunAnswer>;

/** See {@link BulkActionObject}. */
export const bulkActionSchema = z
  .object({
    id: idSchema("bulk"),
    name: z.string().exactOptional(),
    type: z.enum(["CANCEL", "REPLAY"]),
    status: z.enum(["PENDING", "COMPLETED", "ABORTED"]),
    counts: z.object({ total: countSchema, success: countSchema, failure: countSchema }),
    createdAt: timeSchema,
    completedAt: timeSchema.exactOptional(),
  })
  .meta({ id: "BulkAction" }) satisfies z.ZodType<BulkActionObject>;

/** See {@link BulkActionList}. */
export const bulkActionListSchema = z.object({
  data: z.array(bulkActionSchema),
  pagination: cursorPaginationSchema,
}) satisfies z.ZodType<BulkActionList>;
