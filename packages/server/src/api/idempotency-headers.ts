import { durationSchema, maxIdempotencyKeyLength, type TriggerBody } from "@pawl/contract/api/trigger";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { noOptions } from "./trigger-request.ts";
import { parse } from "./validation.ts";

const keyHeader = "idempotency-key";
const lifeHeader = "idempotency-key-ttl";
const headersSchema = z.object({
  [keyHeader]: z.string().min(1).max(maxIdempotencyKeyLength),
  [lifeHeader]: durationSchema.optional(),
});

/**
 * Lets callers without an SDK give an idempotency key as a header; one in the options goes first.
 *
 * @param request - the request
 * @param body - its body as parsed
 * @returns the body with the header's key among its options
 * @throws ApiError `invalid_request` that names the header
 */
export function withIdempotencyHeaders(request: FastifyRequest, body: TriggerBody): TriggerBody {
  if (request.headers[keyHeader] === undefined || body.options?.idempotencyKey !== undefined) return body;
  const { [keyHeader]: key, [lifeHeader]: lifeMs } = parse(headersSchema, request.headers, "headers");
  return { ...body, options: { ...(body.options ?? noOptions), idempotencyKey: key, idempotencyKeyTTL: lifeMs } };
}
