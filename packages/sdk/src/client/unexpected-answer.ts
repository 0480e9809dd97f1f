import { ApiSchemaValidationError } from "../errors/api-error.ts";
import type { ApiAnswer } from "./call.ts";

/**
 * Makes the error for a success without what it must contain.
 *
 * @param answer - the answer
 * @param missing - what it lacks
 * @returns the error
 * @example
 * ```ts
 * throw unexpectedAnswer(answer, "the id of a run");
 * ```
 */
export function unexpectedAnswer(
  answer: Pick<ApiAnswer, "headers" | "body">,
  missing: string,
): ApiSchemaValidationError {
  const message = `The answer lacks ${missing}. Is TRIGGER_API_URL the URL of a Pawl server?`;
  return new ApiSchemaValidationError(200, { headers: answer.headers, body: answer.body, message });
}
