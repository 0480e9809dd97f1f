import { z } from "zod";
import { type CursorPagination, commaListSchema, cursorListShape } from "./list-query.ts";
import { delaySchema, durationSchema, maxIdempotencyKeyLength, optional, tagsSchema } from "./trigger.ts";

/** The most bytes of JSON that a token can be completed with. */
export const maxTokenBytes = 512 * 1024;

/** The body of `POST /api/v1/waitpoints/tokens`. */
export const createTokenBodySchema = z.object({
  timeout: optional(delaySchema),
  tags: optional(tagsSchema),
  idempotencyKey: optional(z.string().min(1).max(maxIdempotencyKeyLength)),
  idempotencyKeyTTL: optional(durationSchema),
});

/** The answer to the creation of a token. */
export interface CreateTokenAnswer {
  /** `waitpoint_…` */
  readonly id: string;
  /** Whether an earlier call with the same idempotency key made it. */
  readonly isCached: boolean;
  /** Where an HTTP POST of any JSON completes it, without any other credential. */
  readonly url: string;
}

/** The body of `POST /api/v1/waitpoints/tokens/:id/complete`. */
export const completeTokenBodySchema = z.object({ data: z.unknown().optional() });

/** The answer to the completion of a token, also of one that was complete before. */
export interface CompleteTokenAnswer {
  readonly success: true;
}

/** Where a token can stand. */
export const tokenStatuses = ["WAITING", "COMPLETED", "TIMED_OUT"] as const;

/** The query of `GET /api/v1/waitpoints/tokens`. Lists are joined by commas; any of a list may match. */
export const listTokensQuerySchema = z.object({
  "filter[status]": commaListSchema.pipe(z.array(z.enum(tokenStatuses)).optional()),
  "filter[idempotencyKey]": z.string().optional(),
  "filter[tags]": commaListSchema,
  ...cursorListShape,
});

/** A token in a list. Fields that do not apply are absent. */
export interface TokenItem {
  readonly id: string;
  readonly url: string;
  readonly status: (typeof tokenStatuses)[number];
  readonly createdAt: string;
  /** When it was completed or timed out. */
  readonly completedAt?: string;
  readonly timeoutAt?: string;
  readonly idempotencyKey?: string;
  readonly idempotencyKeyExpiresAt?: string;
  readonly tags: readonly string[];
}

/** The answer of `GET /api/v1/waitpoints/tokens/:id`. */
export interface TokenDetail extends TokenItem {
  readonly output?: string;
  readonly outputType?: string;
  readonly outputIsError?: boolean;
}

/** The answer of `GET /api/v1/waitpoints/tokens`, newest first. */
export interface TokenList {
  readonly data: readonly TokenItem[];
  readonly pagination: CursorPagination;
}
