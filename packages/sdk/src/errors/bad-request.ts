import type { ApiError } from "./api-error.ts";
import { apiErrorFromAnswer } from "./api-error-from-answer.ts";

/**
 * Makes the error that the server would answer with, for what is refused without asking it.
 *
 * @param param - the field that is at fault
 * @param message - what it must be
 * @returns a BadRequestError
 * @example
 * ```ts
 * throw badRequest("options.delay", "The option delay must be a duration.");
 * ```
 */
export function badRequest(param: string, message: string): ApiError {
  const text = JSON.stringify({ error: message, code: "invalid_request", param });
  return apiErrorFromAnswer({ status: 400, headers: {}, text });
}
