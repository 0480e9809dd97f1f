import { defaultIdempotencyTtlMs } from "@pawl/contract/api/trigger";
import { refuseNul } from "./validation.ts";

/**
 * Reads the idempotency key of a batch or a token.
 *
 * @param body - the fields of the call; the time to live in milliseconds
 * @param prefix - goes before the names of fields
 * @returns the key and its life; null without one
 * @throws ApiError that names the field which is wrong
 */
export function idempotencyOf(
  body: { readonly idempotencyKey?: string | undefined; readonly idempotencyKeyTTL?: number | undefined },
  prefix: string,
): { readonly key: string; readonly lifeS: number } | null {
  if (body.idempotencyKey === undefined) return null;
  refuseNul(body.idempotencyKey, `${prefix}idempotencyKey`);
  return { key: body.idempotencyKey, lifeS: (body.idempotencyKeyTTL ?? defaultIdempotencyTtlMs) / 1_000 };
}
