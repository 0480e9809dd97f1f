import { requestKeyHeader } from "@pawl/contract/api/headers";
import { ApiConnectionError, ApiSchemaValidationError } from "../errors/api-error.ts";
import { apiErrorFromAnswer } from "../errors/api-error-from-answer.ts";
import { type ClientSettings, clientSettings, type RequestOptions } from "./client-settings.ts";
import { movedDevServer } from "./moved-dev-server.ts";
import { requestHeaders } from "./request-headers.ts";
import { callRetryDelayMs, callRetryPolicy } from "./retry-rule.ts";
import { send } from "./send.ts";
import { type Answer, type OutgoingRequest, TransportError } from "./transport.ts";

/** One logical call of the API; its repetitions carry the same request key. */
export interface ApiCall {
  readonly method: OutgoingRequest["method"];
  /** Path and query, from its leading slash. */
  readonly path: string;
  readonly body?: string | undefined;
  /** Default: `application/json`. */
  readonly contentType?: string;
  /** Beside those that every request has; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: RequestOptions | undefined;
}

/** A success: its body as it came and read as JSON, and the headers that came with it. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Calls the API, and repeats the call where that may help.
 *
 * A request key makes repetitions safe: the server answers the second one with what the first one made.
 *
 * @param call - the call
 * @returns the answer of the first success
 * @throws ApiError of the class that belongs to the status; ApiConnectionError without an answer; ApiClientMissingError
 * without a key or URL
 * @example
 * ```ts
 * const { body } = await callApi({ method: "GET", path: "/api/v3/runs/run_1" });
 * ```
 */
export async function callApi(call: ApiCall): Promise<ApiAnswer> {
  let settings = clientSettings(call.options?.clientConfig);
  const policy = callRetryPolicy(settings.retry, call.options?.retry);
  const requestKey = call.contentType === undefined ? crypto.randomUUID() : undefined;
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptCall(call, settings, requestKey);
    if (outcome.kind === "answered" && outcome.answer.status < 400) return parseAnswer(call, outcome.answer);
    const isSuspect = outcome.kind === "unreachable" ? outcome.error.isRefused : outcome.answer.status === 401;
    const moved = isSuspect ? movedDevServer(settings) : null;
    if (moved !== null) settings = moved;
    else {
      const delayMs = callRetryDelayMs(policy, attempt, outcome.kind === "answered" ? outcome.answer : null);
      if (delayMs === null) throw errorOf(outcome);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

type Outcome =
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "unreachable"; readonly error: TransportError };

async function attemptCall(call: ApiCall, settings: ClientSettings, requestKey: string | undefined): Promise<Outcome> {
  const headers = {
    ...requestHeaders(settings, call.contentType),
    ...call.headers,
    ...(requestKey === undefined ? {} : { [requestKeyHeader]: requestKey }),
  };
  try {
    const { method, path, body } = call;
    return { kind: "answered", answer: await send({ baseUrl: settings.baseUrl, path, method, headers, body }) };
  } catch (error) {
    if (error instanceof TransportError) return { kind: "unreachable", error };
    throw error;
  }
}

function errorOf(outcome: Outcome): Error {
  if (outcome.kind === "answered") return apiErrorFromAnswer(outcome.answer);
  return new ApiConnectionError(outcome.error.message, outcome.error);
}

function parseAnswer(call: ApiCall, { status, headers, text }: Answer): ApiAnswer {
  try {
    return { status, headers, text, body: JSON.parse(text) };
  } catch (cause) {
    const message = `${call.method} ${call.path} was answered with something that is no JSON. Is TRIGGER_API_URL the URL of a Pawl server?`;
    throw new ApiSchemaValidationError(status, { headers, body: text, message }, { cause });
  }
}
