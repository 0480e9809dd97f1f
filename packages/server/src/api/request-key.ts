import { requestKeyHeader } from "@pawl/contract/api/headers";
import type { FastifyRequest } from "fastify";
import { ApiError } from "./errors.ts";

/** The longest request key, in characters. */
const maxRequestKeyLength = 256;

/**
 * Reads the header with which a client marks the retries of one call.
 *
 * @param request - the request
 * @returns the key, or null when there is none
 * @throws ApiError `invalid_request` when it is too long
 */
export function requestKeyOf(request: FastifyRequest): string | null {
  const key = request.headers[requestKeyHeader];
  if (key === undefined || key === "" || typeof key !== "string") return null;
  if (key.length > maxRequestKeyLength) {
    throw new ApiError(
      "invalid_request",
      `${requestKeyHeader}: a request key has at most ${maxRequestKeyLength} characters.`,
      requestKeyHeader,
    );
  }
  return key;
}
