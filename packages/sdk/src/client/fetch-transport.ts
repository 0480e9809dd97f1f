import { type Answer, answerTimeoutMs, noAnswer, type OutgoingRequest } from "./transport.ts";

/**
 * Sends a request with the global `fetch`: in browsers, on other runtimes than Node, and over TLS.
 *
 * @param request - the request
 * @returns the whole answer
 * @throws TransportError when no complete answer came
 * @example
 * ```ts
 * await sendWithFetch({ baseUrl: "https://pawl.example", path: "/healthcheck", method: "GET", headers: {} });
 * ```
 */
export async function sendWithFetch(request: OutgoingRequest): Promise<Answer> {
  const url = request.baseUrl + request.path;
  try {
    const response = await fetch(url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
  } catch (error) {
    throw noAnswer(url, reasonOf(error), error);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}
