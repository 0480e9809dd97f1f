import { z } from "zod";
import { type RunError, type RunErrorCode, runErrors } from "./errors.ts";

const runErrorCodes = Object.keys(runErrors) as [RunErrorCode, ...RunErrorCode[]]; // the keys of a literal: non-empty

/** The schema of {@link RunError}; apart from it, so that pages which show errors need no parser. */
export const runErrorSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("BUILT_IN_ERROR"),
    name: z.string(),
    message: z.string(),
    stackTrace: z.string(),
    causes: z.array(z.object({ name: z.string(), message: z.string(), stackTrace: z.string().optional() })).optional(),
  }),
  z.object({ type: z.literal("CUSTOM_ERROR"), raw: z.string() }),
  z.object({ type: z.literal("STRING_ERROR"), raw: z.string() }),
  z.object({
    type: z.literal("INTERNAL_ERROR"),
    code: z.enum(runErrorCodes),
    message: z.string().optional(),
    stackTrace: z.string().optional(),
  }),
]) satisfies z.ZodType<RunError>;
