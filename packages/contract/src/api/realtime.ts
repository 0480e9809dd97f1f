import { z } from "zod";
import { commaListSchema } from "./list-query.ts";

/** What every live reader sends: what it has read last, and whether it waits. Further parameters are accepted. */
const shapeQueryShape = {
  offset: z
    .string()
    .regex(/^(?:-1|\d+_\d+)$/, "is no offset: send -1, or what the last answer said")
    .default("-1"),
  handle: z.string().optional(),
  live: z.enum(["true", "false"]).default("false"),
  /** Columns to leave out, such as `payload,output`. */
  skipColumns: commaListSchema,
} as const;

/** The query of `GET /realtime/v1/runs/:runId` and `GET /realtime/v1/batches/:batchId`. */
export const shapeQuerySchema = z.object(shapeQueryShape);

/** The query of `GET /realtime/v1/runs`. */
export const taggedShapeQuerySchema = z.object({
  ...shapeQueryShape,
  /** Runs have all of them. */
  tags: commaListSchema,
  /** How long ago the runs were made at most. */
  createdAt: z.string().optional(),
});
