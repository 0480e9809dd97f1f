import type { Answer } from "../client/transport.ts";
import {
  ApiError,
  type ApiErrorDetails,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from "./api-error.ts";

const classOfStatus: Readonly<Record<number, typeof ApiError>> = {
  400: BadRequestError,
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  422: UnprocessableEntityError,
  429: RateLimitError,
};

/**
 * Makes the error for an answer that is no success.
 *
 * @param answer - an answer with a status of 400 or more
 * @returns the error of the class that belongs to the status, with the message of the body
 * @example
 * ```ts
 * apiErrorFromAnswer({ status: 404, headers: {}, text: '{"error":"Not found"}' }).message; // "404 Not found"
 * ```
 */
export function apiErrorFromAnswer(answer: Answer): ApiError {
  const errorClass = classOfStatus[answer.status] ?? (answer.status >= 500 ? InternalServerError : ApiError);
  return new errorClass(answer.status, detailsOf(answer));
}

function detailsOf(answer: Answer): ApiErrorDetails {
  const { headers } = answer;
  let body: unknown;
  try {
    body = JSON.parse(answer.text);
  } catch {
    return { headers, body: answer.text, message: answer.text.slice(0, 500) || "The answer has no body" };
  }
  const error = fieldOf(body, "error");
  if (typeof error === "object" && error !== null && typeof fieldOf(error, "message") === "string") {
    return { headers, body, message: String(fieldOf(error, "message")), ...codesOf(error) };
  }
  const message = typeof error === "string" ? error : JSON.stringify(error ?? body);
  return { headers, body, message, ...codesOf(body) };
}

function codesOf(value: unknown): Pick<ApiErrorDetails, "code" | "param" | "type"> {
  return { code: textField(value, "code"), param: textField(value, "param"), type: textField(value, "type") };
}

function textField(value: unknown, name: string): string | undefined {
  const field = fieldOf(value, name);
  return typeof field === "string" ? field : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name]; // any object can be read by name
}
