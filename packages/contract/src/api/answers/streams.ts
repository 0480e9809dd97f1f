import { z } from "zod";
import type { CreateStreamAnswer, InputWaitAnswer, SendInputAnswer, WriteStreamAnswer } from "../streams.ts";
import { idSchema } from "./fields.ts";

/** See {@link CreateStreamAnswer}. */
export const createStreamAnswerSchema = z.object({
  version: z.literal("v1"),
}) satisfies z.ZodType<CreateStreamAnswer>;

/** See {@link WriteStreamAnswer}. */
export const writeStreamAnswerSchema = z.object({
  ok: z.literal(true),
  lastEventId: z.string().exactOptional().describe("The place of the last chunk; absent when there was nothing new."),
}) satisfies z.ZodType<WriteStreamAnswer>;

/** See {@link SendInputAnswer}. */
export const sendInputAnswerSchema = z.object({ ok: z.literal(true) }) satisfies z.ZodType<SendInputAnswer>;

/** See {@link InputWaitAnswer}. */
export const inputWaitAnswerSchema = z.object({
  waitpointId: idSchema("waitpoint"),
  isCached: z.boolean(),
}) satisfies z.ZodType<InputWaitAnswer>;
