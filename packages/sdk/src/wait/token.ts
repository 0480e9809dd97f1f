import type { CreateTokenAnswer } from "@pawl/contract/api/waitpoints";
import { pathToLost } from "@pawl/contract/lost-values";
import type { TokenCallAnswer, WaitCallAnswer } from "@pawl/contract/worker-protocol";
import { callApi } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import { badRequest } from "../errors/bad-request.ts";
import { PayloadError } from "../errors/task-error.ts";
import { WaitpointTimeoutError } from "../errors/wait-error.ts";
import { checkOptionNames, type OptionNames } from "../options/option-names.ts";
import type { ActiveRun, WaitAbout } from "../runtime.ts";
import { parentRun } from "../trigger/caller-run.ts";
import { callAsRun } from "../trigger/run-call.ts";
import { readOutput } from "../trigger/task-run-result.ts";
import { accessTokenOf } from "../trigger/trigger.ts";
import { isTags, isTime, withoutUndefined } from "../trigger/trigger-options.ts";
import { keptForLater, type OpenedWait, resultOf, waitingRun } from "./opened-wait.ts";
import type { CreateTokenOptions, WaitpointToken, WaitpointTokenResult } from "./token-types.ts";
import { wireWaitKey } from "./wait-options.ts";
import { WaitPromise } from "./wait-promise.ts";

/** A token, or its id. */
export type TokenRef = string | { readonly id: string };

/**
 * A token on its way to be completed. The wait begins when the promise is awaited.
 *
 * @example
 * ```ts
 * const { approved } = await wait.forToken<{ approved: boolean }>(token).unwrap();
 * ```
 */
export class ManualWaitpointPromise<TOutput> extends WaitPromise<WaitpointTokenResult<TOutput>> {
  /**
   * Waits for the token.
   *
   * @returns what it was completed with
   * @throws WaitpointTimeoutError when nobody completed it in time
   * @example
   * ```ts
   * const { approved } = await wait.forToken<{ approved: boolean }>(token).unwrap();
   * ```
   */
  async unwrap(): Promise<TOutput> {
    const result = await this;
    if (result.ok) return result.output;
    throw result.error;
  }
}

const tokenNames: OptionNames<CreateTokenOptions> = {
  timeout: true,
  tags: true,
  idempotencyKey: true,
  idempotencyKeyTTL: true,
};

/**
 * Makes a token; see `wait.createToken`.
 *
 * @param options - its timeout, tags and key
 * @param requestOptions - settings of the call, outside of a run
 * @returns the token
 * @throws ApiError when the call is refused
 * @example
 * ```ts
 * const token = await createToken({ timeout: "1d" });
 * ```
 */
export async function createToken(
  options: CreateTokenOptions = {},
  requestOptions?: RequestOptions,
): Promise<WaitpointToken> {
  const run = parentRun("wait.createToken", requestOptions);
  checkOptionNames("wait.createToken", options, tokenNames);
  checkToken(options);
  const { timeout } = options;
  if (run !== null) return createTokenInRun(run, options);
  const key = await wireWaitKey("wait.createToken", options, null);
  const answer = await callApi({
    method: "POST",
    path: "/api/v1/waitpoints/tokens",
    body: JSON.stringify({ timeout, tags: options.tags, ...key }),
    options: requestOptions,
  });
  const body = answer.body as Partial<CreateTokenAnswer> | null; // checked in the next line
  if (typeof body?.id !== "string" || typeof body.url !== "string") throw unexpectedAnswer(answer, "a token");
  return { id: body.id, url: body.url, isCached: body.isCached === true, ...accessTokenOf(answer) };
}

/**
 * Checks the options of a token.
 *
 * @param options - as the caller gave them
 * @throws BadRequestError naming the field that can't be right
 * @example
 * ```ts
 * checkToken({ timeout: "10m" });
 * ```
 */
export function checkToken({ timeout, tags }: CreateTokenOptions): void {
  if (timeout !== undefined && !isTime(timeout)) {
    throw badRequest("timeout", "The timeout of a token must be a duration such as 10m, an ISO date or a valid Date.");
  }
  if (tags !== undefined && !isTags(tags)) {
    throw badRequest("tags", "The tags of a token must be at most ten texts, each of 1 to 128 characters.");
  }
}

async function createTokenInRun(run: ActiveRun, options: CreateTokenOptions): Promise<WaitpointToken> {
  const { timeout, tags } = options;
  const wait = run.nextWait("token");
  const key = await wireWaitKey("wait.createToken", options, run);
  const answer = await callAsRun<TokenCallAnswer>(run, {
    kind: "token",
    wait,
    ...withoutUndefined({
      timeout: typeof timeout === "string" && !/^\d{4}-/.test(timeout) ? timeout : millisecondsOf(timeout),
      tags: typeof tags === "string" ? [tags] : tags?.slice(),
    }),
    ...key,
  });
  const { waitpointId: id, isCached, url, publicAccessToken } = answer;
  return { id, url, isCached, publicAccessToken };
}

function millisecondsOf(date: string | Date | undefined): number | undefined {
  return date === undefined ? undefined : new Date(date).getTime();
}

/**
 * Waits for a token; see `wait.forToken`.
 *
 * @param token - the token, or its id
 * @returns what it is completed with, on its way
 * @throws RunContextError outside of a run; NotFoundError when there is no such token; both when it is awaited
 * @example
 * ```ts
 * const result = await forToken<{ approved: boolean }>("waitpoint_…");
 * ```
 */
export function forToken<TOutput>(token: TokenRef): ManualWaitpointPromise<TOutput> {
  const opening = keptForLater(openToken(token));
  return new ManualWaitpointPromise(async () => {
    const result = await resultOf(opening);
    if (result.kind !== "token")
      throw new Error(`The wait for token ${idOf(token)} ended as one for a ${result.kind}.`);
    if (!result.isTimeout) return { ok: true, output: readOutput(result) as TOutput }; // as the caller says
    return { ok: false, error: new WaitpointTimeoutError(timeoutMessage(idOf(token))) };
  });
}

async function openToken(token: TokenRef): Promise<OpenedWait> {
  const run = waitingRun("wait.forToken");
  const waitpointId = idOf(token);
  const wait = run.nextWait("token-wait");
  const answer = callAsRun<WaitCallAnswer>(run, { kind: "join", wait, waitpointId });
  const about = answer.then((): WaitAbout => ({ type: "token", token: waitpointId }));
  return { run, wait, about: keptForLater(about) };
}

/**
 * Completes a token; see `wait.completeToken`.
 *
 * @param token - the token, or its id
 * @param data - the output for who waits for it, written as plain JSON
 * @returns `success: true`, also when it was complete before
 * @throws PayloadError when the data holds what JSON can't carry; NotFoundError when there is no such token
 * @example
 * ```ts
 * await completeToken(token, { approved: true });
 * ```
 */
export async function completeToken<TOutput>(
  token: TokenRef,
  data: TOutput,
  requestOptions?: RequestOptions,
): Promise<{ readonly success: true }> {
  const id = idOf(token);
  const lost = pathToLost(data);
  if (lost !== null) {
    const place = lost.path === "" ? "" : ` at ${lost.path}`;
    throw new PayloadError(`Token ${id} can't be completed with ${lost.kind}${place}: JSON can't carry it.`);
  }
  await callApi({
    method: "POST",
    path: `/api/v1/waitpoints/tokens/${encodeURIComponent(id)}/complete`,
    body: JSON.stringify({ data }),
    options: requestOptions,
  });
  return { success: true };
}

/**
 * Says that a token was not completed in time.
 *
 * @param id - the token's id
 * @returns a sentence
 * @example
 * ```ts
 * timeoutMessage("waitpoint_1"); // "Nobody completed token waitpoint_1 before its timeout."
 * ```
 */
export function timeoutMessage(id: string): string {
  return `Nobody completed token ${id} before its timeout.`;
}

function idOf(token: TokenRef): string {
  const id = typeof token === "string" ? token : token.id;
  if (typeof id === "string" && id !== "") return id;
  throw new TypeError("A token is named by its id, waitpoint_…, or by what wait.createToken gave.");
}
