import type { ApiErrorCode } from "@pawl/contract/errors";
import { apiErrorFromAnswer } from "./api-error-from-answer.ts";
import { CallError } from "./call-error.ts";

/** The statuses of the API's errors, for calls that go through the host of a run and so have none. */
export const statusOfCode: Readonly<Record<ApiErrorCode, number>> = {
  invalid_json: 400,
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  lost_claim: 409,
  length_required: 411,
  payload_too_large: 413,
  unsupported_media_type: 415,
  unprocessable: 422,
  too_many: 429,
  internal: 500,
  unavailable: 503,
};

/**
 * Makes of what a call through the host of a run threw the error that the same call over HTTP would have thrown.
 *
 * @param thrown - what the call threw
 * @returns for a `CallError` an `ApiError` of the class that belongs to its code; anything else as it is
 * @example
 * ```ts
 * await run.call(request).catch((thrown) => {
 *   throw apiErrorFromCall(thrown);
 * });
 * ```
 */
export function apiErrorFromCall(thrown: unknown): unknown {
  if (!(thrown instanceof CallError)) return thrown;
  const { code, field } = thrown;
  const status = (statusOfCode as Readonly<Record<string, number>>)[code] ?? 500; // a newer server may have more codes
  const text = JSON.stringify({ error: thrown.message, code, param: field });
  return apiErrorFromAnswer({ status, headers: {}, text });
}
