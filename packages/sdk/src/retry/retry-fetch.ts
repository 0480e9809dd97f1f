import { mergeRetryPolicies, nextRetryDelayMs } from "@pawl/contract/retry";
import { logger } from "../logger.ts";
import { defaultStrategies, delayAfterAnswer, type StatusStrategies } from "./fetch-strategy.ts";
import type { RetryOptions } from "./on-throw.ts";
import { retryPause } from "./retry-pause.ts";

/** What of a call of `retry.fetch` is tried again. */
export interface FetchRetryOptions {
  /** Answers, by their statuses. Default: 408, 409, 429 and 5xx, with growing delays. */
  readonly byStatus?: StatusStrategies;
  /** Tries that took longer than `timeoutInMs`. */
  readonly timeout?: RetryOptions;
  /** Calls that reached nobody. */
  readonly connectionError?: RetryOptions;
}

/** What `retry.fetch` takes beside what `fetch` takes. */
export interface RetryFetchInit extends RequestInit {
  /** How long one try may take until its answer begins, in milliseconds. Default: for ever. */
  readonly timeoutInMs?: number;
  readonly retry?: FetchRetryOptions;
}

/** What one try came to: an answer, or what it threw. */
type Try =
  | { readonly kind: "answered"; readonly answer: Response }
  | { readonly kind: "timed_out" | "unreached"; readonly error: unknown };

/**
 * Calls `fetch` again when the answer, a timeout or the connection says so; see `retry.fetch`.
 *
 * @param input - what `fetch` takes
 * @param init - what `fetch` takes, and what is tried again
 * @returns the last answer
 * @throws what the last try threw
 */
export async function retryFetch(input: string | URL | Request, init: RetryFetchInit = {}): Promise<Response> {
  const { timeoutInMs, retry = {}, ...request } = init;
  const url = input instanceof Request ? input.url : String(input);
  const method = (request.method ?? (input instanceof Request ? input.method : "GET")).toUpperCase();
  return logger.trace(`HTTP ${method}`, () => tryUntilDone({ input, request, timeoutInMs, retry }), {
    attributes: { "http.request.method": method, "url.full": withoutQuery(url) },
  });
}

/** A query may hold what no trace should show. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, "");
}

interface FetchCall {
  readonly input: string | URL | Request;
  readonly request: RequestInit;
  readonly timeoutInMs: number | undefined;
  readonly retry: FetchRetryOptions;
}

async function tryUntilDone(call: FetchCall): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryOnce(call, attempt);
    const delayMs = isRepeatable(call) ? await delayAfter(outcome, call.retry, attempt) : null;
    if (delayMs === null) {
      if (outcome.kind === "answered") return outcome.answer;
      throw outcome.error;
    }
    if (outcome.kind === "answered") await outcome.answer.body?.cancel(); // frees its connection
    await retryPause(delayMs);
  }
}

/** A stream can be sent only once. */
function isRepeatable({ request }: FetchCall): boolean {
  return !(request.body instanceof ReadableStream);
}

async function tryOnce({ input, request, timeoutInMs }: FetchCall, attempt: number): Promise<Try> {
  const callerSignal = request.signal ?? (input instanceof Request ? input.signal : undefined);
  const timeout = new AbortController();
  const timer =
    timeoutInMs === undefined
      ? undefined
      : setTimeout(() => timeout.abort(new DOMException("No answer in time", "TimeoutError")), timeoutInMs);
  const signals = [callerSignal, timeout.signal].filter((signal) => signal !== undefined && signal !== null);
  const headers = new Headers(request.headers ?? (input instanceof Request ? input.headers : undefined));
  if (attempt > 1) headers.set("x-retry-count", String(attempt - 1));
  try {
    const target = input instanceof Request ? input.clone() : input;
    return {
      kind: "answered",
      answer: await fetch(target, { ...request, headers, signal: AbortSignal.any(signals) }),
    };
  } catch (error) {
    if (callerSignal?.aborted === true) throw error;
    return { kind: timeout.signal.aborted ? "timed_out" : "unreached", error };
  } finally {
    clearTimeout(timer);
  }
}

function delayAfter(outcome: Try, retry: FetchRetryOptions, attempt: number): Promise<number | null> | number | null {
  switch (outcome.kind) {
    case "answered":
      return delayAfterAnswer(retry.byStatus ?? defaultStrategies, outcome.answer, attempt);
    case "timed_out":
      return nextRetryDelayMs(mergeRetryPolicies(retry.timeout), attempt);
    case "unreached":
      return nextRetryDelayMs(mergeRetryPolicies(retry.connectionError), attempt);
  }
}
