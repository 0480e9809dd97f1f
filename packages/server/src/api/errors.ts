import { type ApiErrorBody, type ApiErrorCode, apiErrors } from "@pawl/contract/errors";
import { newUuid } from "@pawl/contract/ids";
import type { FastifyReply, FastifyRequest } from "fastify";
import { isOutage } from "./outage.ts";

/** An answer that is no success: thrown anywhere below a route, written in one place. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  readonly param: string | undefined;

  /**
   * @param code - what went wrong; decides the status
   * @param message - what happened and what to do next, in sentences
   * @param param - the field of the request that is at fault
   * @param options - the error behind it
   */
  constructor(code: ApiErrorCode, message: string, param?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.param = param;
  }
}

/** Something that should not happen, for the operator's eyes only. */
export interface Bug {
  /** The caller was told this reference and nothing else. */
  readonly reference: string;
  /** Method and path of the request, without its query. */
  readonly request: string;
  readonly error: unknown;
}

/**
 * Turns whatever was thrown into an answer that tells nothing about the inside.
 *
 * @param error - what was thrown while a request was answered
 * @param request - method and path, for the report of a bug
 * @param reportBug - told of everything that has no answer of its own
 * @returns the error to answer with
 */
export function toApiError(error: unknown, request: string, reportBug: (bug: Bug) => void): ApiError {
  if (error instanceof ApiError) return error;
  const ofFramework = fromFramework(error);
  if (ofFramework !== null) return ofFramework;
  if (isOutage(error)) {
    return new ApiError(
      "unavailable",
      "The server's database is out of reach or can't keep up at the moment. Try again in a few seconds.",
    );
  }
  const reference = newUuid().slice(-12);
  reportBug({ reference, request, error });
  return new ApiError("internal", `The server failed to answer. Its log says more under the reference ${reference}.`);
}

/**
 * Writes an error as the answer.
 *
 * @param reply - the reply, of which nothing was sent yet
 * @param error - what went wrong
 * @returns the reply
 */
export function sendError(reply: FastifyReply, error: ApiError): FastifyReply {
  const rule = apiErrors[error.code];
  return reply
    .code(rule.status)
    .header("x-should-retry", String(rule.isRetryable))
    .header("content-type", "application/json; charset=utf-8")
    .send(JSON.stringify(errorBody(error)));
}

/**
 * The body that tells of an error.
 *
 * @param error - what went wrong
 * @returns the body
 */
export function errorBody(error: ApiError): ApiErrorBody {
  return { error: error.message, code: error.code, ...(error.param === undefined ? {} : { param: error.param }) };
}

/** Parts of paths that prove something, or lead to somebody's login. */
const secretParts = ["proof", "hash", "code"] as const;

/** What a log line calls a request: the query may hold secrets and is left out, as are those of the path. */
export function requestName(request: FastifyRequest): string {
  const path = request.url.split("?", 1)[0] ?? "";
  const params = (request.params ?? {}) as Readonly<Record<string, string>>; // the router makes nothing else, or nothing of a bad URL
  const named = secretParts.flatMap((name) => (params[name] ? [{ name, value: params[name] }] : []));
  return named.reduce((text, { name, value }) => text.replace(value, `:${name}`), `${request.method} ${path}`);
}

function fromFramework(error: unknown): ApiError | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new ApiError("payload_too_large", "The body of the request is over the limit of this route.");
  }
  const status = "statusCode" in error ? error.statusCode : undefined;
  if (!error.code.startsWith("FST_") || typeof status !== "number" || status >= 500) return null;
  return new ApiError("invalid_request", `The request can't be read: ${error.message}.`);
}
