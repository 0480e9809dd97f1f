import { z } from "zod";
import type { SpanAnswer, TraceAnswer, TracePageAnswer, TreeSpan } from "../run-trace.ts";
import { idSchema, jsonObjectSchema, timeSchema } from "./fields.ts";

const factsShape = {
  message: z.string(),
  startTime: timeSchema,
  isError: z.boolean(),
  isPartial: z.boolean().describe("Whether it has not ended."),
  isCancelled: z.boolean(),
  level: z.enum(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]),
} as const;

const durationSchema = z.number().min(0).describe("In nanoseconds.");

const treeSpanSchema: z.ZodType<TreeSpan> = z
  .object({
    id: z.string(),
    parentId: z.string().exactOptional(),
    runId: idSchema("run"),
    data: z.object({
      ...factsShape,
      duration: durationSchema,
      taskSlug: z.string(),
      queueName: z.string(),
      workerVersion: z.string().exactOptional(),
      properties: jsonObjectSchema.exactOptional(),
    }),
    get children() {
      return z.array(treeSpanSchema);
    },
  })
  .meta({ id: "Span" });

/** See {@link TraceAnswer}. */
const traceAnswerSchema = z.object({
  trace: z.object({ traceId: z.string(), rootSpan: treeSpanSchema }),
}) satisfies z.ZodType<TraceAnswer>;

const tracePageSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      parentId: z.string().exactOptional(),
      runId: idSchema("run"),
      ...factsShape,
      duration: durationSchema,
      attemptNumber: z.int().exactOptional(),
    }),
  ),
  attemptFailures: z.array(z.object({ spanId: z.string(), attemptNumber: z.int(), runId: idSchema("run") })),
  pagination: z.object({ next: z.string().exactOptional() }),
}) satisfies z.ZodType<TracePageAnswer>;

/** See {@link TraceAnswer} and {@link TracePageAnswer}. */
export const runTraceSchema = z.union([traceAnswerSchema, tracePageSchema]);

/** See {@link SpanAnswer}. */
export const spanAnswerSchema = z.object({
  spanId: z.string(),
  parentId: z.string().nullable(),
  runId: idSchema("run"),
  ...factsShape,
  durationMs: z.number().min(0),
  properties: jsonObjectSchema.exactOptional(),
}) satisfies z.ZodType<SpanAnswer>;
