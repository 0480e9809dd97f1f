/** One HTTP request on its way out. */
export interface OutgoingRequest {
  /** Scheme, host and an optional path prefix, without a slash at its end. */
  readonly baseUrl: string;
  /** Path and query, from its leading slash. */
  readonly path: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** A complete HTTP answer. */
export interface Answer {
  readonly status: number;
  /** Names in lower case; of a header that comes twice, the values joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Sends one request and waits for the whole answer, whatever its status.
 *
 * @throws TransportError when no complete answer came
 */
export type Transport = (request: OutgoingRequest) => Promise<Answer>;

/** How long an answer may take before the connection counts as broken, in milliseconds. */
export const answerTimeoutMs = 120_000;

/** No complete answer came. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  /** Whether nobody listens there, so that the request has certainly not arrived. */
  readonly isRefused: boolean;

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.isRefused = codeOf(cause) === "ECONNREFUSED";
  }
}

/**
 * Says that no complete answer came, and what to do where nobody listens.
 *
 * @param url - what was asked
 * @param reason - why, as the system or the connection has it
 * @param cause - the error behind it
 * @returns the error
 * @example
 * ```ts
 * throw noAnswer("http://localhost:3030/healthcheck", "the connection closed", undefined);
 * ```
 */
export function noAnswer(url: string, reason: string, cause: unknown): TransportError {
  const code = codeOf(cause);
  const isNobodyThere = code === "ECONNREFUSED" || code === "ENOTFOUND";
  const hint = isNobodyThere
    ? '. Start the server, as with "pawl dev", or correct its address in TRIGGER_API_URL.'
    : "";
  return new TransportError(`No answer from ${url}: ${reason}${hint}`, cause);
}

/** The system's code of an error, also where Node wraps several attempts to connect into one. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  if ("errors" in error && Array.isArray(error.errors)) return codeOf(error.errors[0]);
  return "cause" in error ? codeOf(error.cause) : undefined;
}
