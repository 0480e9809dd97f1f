import { z } from "zod";
import { jsonObjectSchema } from "./fields.ts";

/**
 * The answer of the live routes: each run that changed as a row, and what comes next. Where a row changed, its new values lie over those
 * that the reader has.
 */
export const shapeAnswerSchema = z.array(
  z.union([
    z.object({
      key: z.string().describe("The same for all messages about one run."),
      value: jsonObjectSchema,
      headers: z.object({ operation: z.enum(["insert", "update"]) }),
    }),
    z.object({ headers: z.object({ control: z.enum(["up-to-date", "must-refetch"]) }) }),
  ]),
);
