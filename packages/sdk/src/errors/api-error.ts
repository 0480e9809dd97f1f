import { brandClass } from "./brand.ts";

/** What an answer of the API said besides its status. */
export interface ApiErrorDetails {
  /** Response headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed body, or its text where it is no JSON. */
  readonly body: unknown;
  readonly message: string;
  readonly code?: string | undefined;
  readonly param?: string | undefined;
  readonly type?: string | undefined;
}

/**
 * The API answered with an error, or could not be reached (`status` is `undefined` then). The subclasses go by status.
 *
 * @example
 * ```ts
 * try {
 *   await runs.retrieve("run_unknown");
 * } catch (error) {
 *   if (!(error instanceof NotFoundError)) throw error;
 *   console.error("There is no such run.");
 * }
 * ```
 */
export class ApiError extends Error {
  static {
    brandClass(ApiError, "ApiError");
  }
  override readonly name: string = "TriggerApiError";
  /** The HTTP status; `undefined` without an answer. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly code: string | undefined;
  /** The field of the request that is at fault. */
  readonly param: string | undefined;
  readonly type: string | undefined;

  constructor(status: number | undefined, details: ApiErrorDetails, options?: ErrorOptions) {
    super(status === undefined ? details.message : `${status} ${details.message}`, options);
    this.status = status;
    this.headers = details.headers;
    this.body = details.body;
    this.code = details.code;
    this.param = details.param;
    this.type = details.type;
  }
}

/**
 * 400: the request can't be read.
 *
 * @example
 * ```ts
 * try {
 *   await runs.list({ period: "a week" });
 * } catch (error) {
 *   if (error instanceof BadRequestError) console.error(error.param, error.message);
 *   else throw error;
 * }
 * ```
 */
export class BadRequestError extends ApiError {
  static {
    brandClass(BadRequestError, "BadRequestError");
  }
}

/**
 * 401: the key is missing or wrong.
 *
 * @example
 * ```ts
 * try {
 *   await runs.retrieve("run_…");
 * } catch (error) {
 *   if (error instanceof AuthenticationError) console.error("Is TRIGGER_SECRET_KEY the key of this environment?");
 *   else throw error;
 * }
 * ```
 */
export class AuthenticationError extends ApiError {
  static {
    brandClass(AuthenticationError, "AuthenticationError");
  }
}

/**
 * 403: the key does not allow this.
 *
 * @example
 * ```ts
 * try {
 *   await envvars.list("proj_…", "prod");
 * } catch (error) {
 *   if (error instanceof PermissionDeniedError) console.error("The key is that of another environment.");
 *   else throw error;
 * }
 * ```
 */
export class PermissionDeniedError extends ApiError {
  static {
    brandClass(PermissionDeniedError, "PermissionDeniedError");
  }
}

/**
 * 404: there is no such thing.
 *
 * @example
 * ```ts
 * try {
 *   await runs.retrieve("run_…");
 * } catch (error) {
 *   if (error instanceof NotFoundError) console.error("There is no such run.");
 *   else throw error;
 * }
 * ```
 */
export class NotFoundError extends ApiError {
  static {
    brandClass(NotFoundError, "NotFoundError");
  }
}

/**
 * 409: something else changed it at the same time.
 *
 * @example
 * ```ts
 * try {
 *   await runs.replay("run_…");
 * } catch (error) {
 *   if (error instanceof ConflictError) console.error(error.message);
 *   else throw error;
 * }
 * ```
 */
export class ConflictError extends ApiError {
  static {
    brandClass(ConflictError, "ConflictError");
  }
}

/**
 * 422: the request is well formed and can't be carried out.
 *
 * @example
 * ```ts
 * try {
 *   await runs.reschedule("run_…", { delay: "1h" });
 * } catch (error) {
 *   if (error instanceof UnprocessableEntityError) console.error("It does not wait any more.");
 *   else throw error;
 * }
 * ```
 */
export class UnprocessableEntityError extends ApiError {
  static {
    brandClass(UnprocessableEntityError, "UnprocessableEntityError");
  }
}

/**
 * 429: too many calls.
 *
 * @example
 * ```ts
 * try {
 *   await tasks.trigger("hello", { name: "Ada" });
 * } catch (error) {
 *   if (error instanceof RateLimitError) console.error("Try again in", error.millisecondsUntilReset);
 *   else throw error;
 * }
 * ```
 */
export class RateLimitError extends ApiError {
  static {
    brandClass(RateLimitError, "RateLimitError");
  }

  /** How long to wait, in milliseconds; `undefined` where the answer does not say. */
  get millisecondsUntilReset(): number | undefined {
    const resetAtMs = Number(this.headers["x-ratelimit-reset"] ?? Number.NaN);
    return Number.isNaN(resetAtMs) ? undefined : Math.max(0, resetAtMs - Date.now());
  }
}

/**
 * 500 and above: the server failed.
 *
 * @example
 * ```ts
 * try {
 *   await tasks.trigger("hello", { name: "Ada" });
 * } catch (error) {
 *   if (error instanceof InternalServerError) console.error("The server failed, five times.", error.status);
 *   else throw error;
 * }
 * ```
 */
export class InternalServerError extends ApiError {
  static {
    brandClass(InternalServerError, "InternalServerError");
  }
}

/**
 * The server could not be reached, or the connection broke before its answer was complete. `cause` says how.
 *
 * @example
 * ```ts
 * try {
 *   await tasks.trigger("hello", { name: "Ada" });
 * } catch (error) {
 *   if (error instanceof ApiConnectionError) console.error("Nobody answers there.", error.cause);
 *   else throw error;
 * }
 * ```
 */
export class ApiConnectionError extends ApiError {
  static {
    brandClass(ApiConnectionError, "ApiConnectionError");
  }

  constructor(message: string, cause: unknown) {
    super(undefined, { headers: {}, body: undefined, message }, { cause });
  }
}

/**
 * The answer was a success with a body that is not what this call answers with; usually the URL is that of another server.
 *
 * @example
 * ```ts
 * try {
 *   await runs.retrieve("run_…");
 * } catch (error) {
 *   if (error instanceof ApiSchemaValidationError) console.error("Is TRIGGER_API_URL the URL of a Pawl server?", error.body);
 *   else throw error;
 * }
 * ```
 */
export class ApiSchemaValidationError extends ApiError {
  static {
    brandClass(ApiSchemaValidationError, "ApiSchemaValidationError");
  }
}

/**
 * No key, or no URL of the server, is configured. The message names what to set.
 *
 * @example
 * ```ts
 * try {
 *   await tasks.trigger("hello", { name: "Ada" });
 * } catch (error) {
 *   if (error instanceof ApiClientMissingError) console.error(error.message);
 *   else throw error;
 * }
 * ```
 */
export class ApiClientMissingError extends Error {
  static {
    brandClass(ApiClientMissingError, "ApiClientMissingError");
  }
  override readonly name = "ApiClientMissingError";
}
