import type { TokenDetail, TokenItem } from "@pawl/contract/api/waitpoints";
import { toPublicId } from "@pawl/contract/ids";
import type { TokenRecord } from "../engine/wait-ports.ts";

/**
 * Renders a token for a list.
 *
 * @param token - the token as stored
 * @param url - where a POST completes it
 * @returns the item
 */
export function tokenItem(token: TokenRecord, url: string): TokenItem {
  return {
    id: toPublicId("waitpoint", token.id),
    url,
    status: token.status,
    createdAt: token.createdAt.toISOString(),
    ...(token.completedAt === null ? {} : { completedAt: token.completedAt.toISOString() }),
    ...(token.timeoutAt === null ? {} : { timeoutAt: token.timeoutAt.toISOString() }),
    ...(token.idempotencyKey === null ? {} : { idempotencyKey: token.idempotencyKey }),
    ...(token.idempotencyKeyExpiresAt === null
      ? {}
      : { idempotencyKeyExpiresAt: token.idempotencyKeyExpiresAt.toISOString() }),
    tags: token.tags,
  };
}

/**
 * Renders all that the API tells of a token.
 *
 * @param token - the token as stored
 * @param url - where a POST completes it
 * @returns the detail
 */
export function tokenDetail(token: TokenRecord, url: string): TokenDetail {
  const item = tokenItem(token, url);
  if (token.status === "WAITING") return item;
  if (token.status === "TIMED_OUT") {
    const error = { code: "TRIGGER_WAITPOINT_TIMEOUT", message: "Nobody completed the token in time." };
    return { ...item, output: JSON.stringify(error), outputType: "application/json", outputIsError: true };
  }
  return {
    ...item,
    ...(token.output === null ? {} : { output: token.output, outputType: token.outputType ?? "application/json" }),
    outputIsError: false,
  };
}
