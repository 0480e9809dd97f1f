import { z } from "zod";
import {
  type CompleteTokenAnswer,
  type CreateTokenAnswer,
  type TokenDetail,
  type TokenItem,
  type TokenList,
  tokenStatuses,
} from "../waitpoints.ts";
import { cursorPaginationSchema, idSchema, timeSchema } from "./fields.ts";

const urlSchema = z.string().describe("Where an HTTP POST of any JSON completes it, without any other credential.");

/** See {@link CreateTokenAnswer}. */
export const createTokenAnswerSchema = z.object({
  id: idSchema("waitpoint"),
  isCached: z.boolean(),
  url: urlSchema,
}) satisfies z.ZodType<CreateTokenAnswer>;

/** See {@link CompleteTokenAnswer}. */
export const completeTokenAnswerSchema = z.object({
  success: z.literal(true),
}) satisfies z.ZodType<CompleteTokenAnswer>;

const itemShape = {
  id: idSchema("waitpoint"),
  url: urlSchema,
  status: z.enum(tokenStatuses),
  createdAt: timeSchema,
  completedAt: timeSchema.exactOptional(),
  timeoutAt: timeSchema.exactOptional(),
  idempotencyKey: z.string().exactOptional(),
  idempotencyKeyExpiresAt: timeSchema.exactOptional(),
  tags: z.array(z.string()),
} as const;

/** See {@link TokenItem}. */
const tokenItemSchema = z.object(itemShape).meta({ id: "ListedToken" }) satisfies z.ZodType<TokenItem>;

/** See {@link TokenDetail}. */
export const tokenDetailSchema = z
  .object({
    ...itemShape,
    output: z.string().exactOptional().describe("The text of a packet, to be read as `outputType` says."),
    outputType: z.string().exactOptional(),
    outputIsError: z.boolean().exactOptional(),
  })
  .meta({ id: "Token" }) satisfies z.ZodType<TokenDetail>;

/** See {@link TokenList}. */
export const tokenListSchema = z.object({
  data: z.array(tokenItemSchema),
  pagination: cursorPaginationSchema,
}) satisfies z.ZodType<TokenList>;
