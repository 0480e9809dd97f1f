import { type ApiAnswer, type ApiCall, callApi } from "./call.ts";

/**
 * A call on its way. Await it for what it gives; its methods give the HTTP answer too.
 *
 * @example
 * ```ts
 * const { data: run, response } = await runs.retrieve(handle).withResponse();
 * console.log(run.status, response.headers.get("x-request-id"));
 * ```
 */
export interface ApiPromise<T> extends Promise<T> {
  /**
   * Waits for what the call gives, and the answer that it was read from.
   *
   * @throws what the call throws
   */
  withResponse(): Promise<{ readonly data: T; readonly response: Response }>;
  /**
   * Waits for the answer alone, whose body can be read.
   *
   * @throws what the call throws, such as an ApiError for an answer that is an error
   */
  asResponse(): Promise<Response>;
}

/** Sends a request of a call, as `callApi` does. */
export type SendCall = (call: ApiCall) => Promise<ApiAnswer>;

/**
 * Makes a call of the API whose answer can be had too.
 *
 * @param make - makes the call, and reads its answer; where it sends several requests, the answer of the last is meant
 * @returns the call on its way
 * @example
 * ```ts
 * apiPromise(async (send) => readRun(await send({ method: "GET", path: "/api/v3/runs/run_1" })));
 * ```
 */
export function apiPromise<T>(make: (send: SendCall) => Promise<T>): ApiPromise<T> {
  let answer: ApiAnswer | null = null;
  const made = make(async (call) => {
    answer = await callApi(call);
    return answer;
  });
  const withResponse = async () => ({ data: await made, response: responseOf(answer) });
  return Object.assign(made, { withResponse, asResponse: async () => (await withResponse()).response });
}

function responseOf(answer: ApiAnswer | null): Response {
  if (answer === null) throw new TypeError("The call has sent no request, so that there is no answer.");
  return new Response(answer.text, { status: answer.status, headers: answer.headers });
}
