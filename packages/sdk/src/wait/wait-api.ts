import type { ApiPromise } from "../client/api-promise.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import type { PagePromise } from "../client/page.ts";
import { listTokens, retrieveToken } from "./read-tokens.ts";
import { completeToken, createToken, forToken, type ManualWaitpointPromise, type TokenRef } from "./token.ts";
import type {
  CreateTokenOptions,
  ListedToken,
  ListTokensOptions,
  RetrievedToken,
  WaitpointToken,
} from "./token-types.ts";
import { type WaitForOptions, type WaitUntilOptions, waitFor, waitUntil } from "./wait-for-time.ts";

/** The calls of {@link wait}. */
export interface WaitApi {
  /**
   * Waits for a length of time. Over a second the run gives its slot back meanwhile, and goes on even if its host is lost.
   *
   * @param options - a number of seconds, minutes, hours, days, weeks, months or years; an `idempotencyKey`, under which a wait
   * that is over is skipped
   * @throws RunContextError outside of a run; RangeError when the length can't be right
   * @example
   * ```ts
   * await wait.for({ hours: 2 });
   * await Promise.all([child.triggerAndWait(1), wait.for({ minutes: 5, idempotencyKey: "cool-down" })]);
   * ```
   */
  for(options: WaitForOptions): Promise<void>;
  /**
   * Waits until a date. One in the past returns at once.
   *
   * @param options - the date; `throwIfInThePast`; an `idempotencyKey`
   * @throws RunContextError outside of a run; RangeError when the date is none, or in the past with `throwIfInThePast`
   * @example
   * ```ts
   * await wait.until({ date: new Date("2030-01-01T09:00:00Z") });
   * ```
   */
  until(options: WaitUntilOptions): Promise<void>;
  /**
   * Makes a token that runs can wait for and anybody can complete: a person who approves, a webhook. Works in backends too.
   *
   * @param options - its `timeout`, tags and `idempotencyKey`
   * @returns the token, with a URL that completes it by an HTTP POST
   * @throws ApiError when the call is refused
   * @example
   * ```ts
   * const token = await wait.createToken({ timeout: "1d", tags: ["user:1"] });
   * await sendMail({ link: token.url });
   * const answer = await wait.forToken<{ approved: boolean }>(token);
   * ```
   */
  createToken(options?: CreateTokenOptions, requestOptions?: RequestOptions): Promise<WaitpointToken>;
  /**
   * Waits for a token. Several runs can wait for the same one; one that is complete already returns at once.
   *
   * @param token - the token, or its id
   * @returns `{ ok: true, output }`, or `{ ok: false, error }` when nobody completed it in time; `.unwrap()` gives the output
   * or throws the error
   * @throws RunContextError outside of a run; NotFoundError when there is no such token
   * @example
   * ```ts
   * const { approved } = await wait.forToken<{ approved: boolean }>(token).unwrap();
   * ```
   */
  forToken<TOutput = unknown>(token: TokenRef): ManualWaitpointPromise<TOutput>;
  /**
   * Completes a token: who waits for it goes on. Works in backends too, and in browsers with the token's public access token.
   *
   * @param token - the token, or its id
   * @param data - the output, written as plain JSON: dates become texts
   * @throws PayloadError when the data holds what JSON can't carry; NotFoundError when there is no such token
   * @example
   * ```ts
   * await wait.completeToken<{ approved: boolean }>("waitpoint_…", { approved: true });
   * ```
   */
  completeToken<TOutput>(
    token: TokenRef,
    data: TOutput,
    requestOptions?: RequestOptions,
  ): Promise<{ readonly success: true }>;
  /**
   * Lists tokens, newest first.
   *
   * @param options - filters and the size of a page
   * @returns the first page; iterate over it with `for await` to get every token of every page
   * @throws BadRequestError when a filter is not valid
   * @example
   * ```ts
   * for await (const token of wait.listTokens({ status: "WAITING", tags: "user:1" })) console.log(token.id);
   * ```
   */
  listTokens(options?: ListTokensOptions, requestOptions?: RequestOptions): PagePromise<ListedToken>;
  /**
   * Gets a token as it stands now.
   *
   * @param token - the token, or its id
   * @returns the token; `output` once it is completed, `error` once its time is over
   * @throws NotFoundError when there is no such token
   * @example
   * ```ts
   * const { status, output } = await wait.retrieveToken<{ approved: boolean }>("waitpoint_…");
   * ```
   */
  retrieveToken<TOutput = unknown>(
    token: TokenRef,
    requestOptions?: RequestOptions,
  ): ApiPromise<RetrievedToken<TOutput>>;
}

/**
 * Waits: for a time, or for a token. Waits can run in parallel with each other and with `triggerAndWait`.
 *
 * @example
 * ```ts
 * await wait.for({ minutes: 10 });
 * const first = await Promise.race([wait.forToken(token), wait.for({ days: 1 })]);
 * ```
 */
export const wait: WaitApi = {
  for: waitFor,
  until: waitUntil,
  createToken,
  forToken,
  completeToken,
  listTokens,
  retrieveToken,
};
