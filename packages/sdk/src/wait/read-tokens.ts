import type { TokenDetail } from "@pawl/contract/api/waitpoints";
import { type ApiPromise, apiPromise } from "../client/api-promise.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { withDates } from "../client/dates.ts";
import { isWireList, listQuery } from "../client/list-query.ts";
import { type PagePromise, pagePromise } from "../client/page.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import { WaitpointTimeoutError } from "../errors/wait-error.ts";
import { readOutput } from "../trigger/task-run-result.ts";
import { type TokenRef, timeoutMessage } from "./token.ts";
import type { ListedToken, ListTokensOptions, RetrievedToken } from "./token-types.ts";

const timeFields = ["createdAt", "completedAt", "timeoutAt", "idempotencyKeyExpiresAt"];

/**
 * Lists tokens, newest first; see `wait.listTokens`.
 *
 * @param options - filters and the size of a page
 * @returns the first page; iterate over it with `for await` to get every token of every page
 * @throws BadRequestError when a filter is not valid
 * @example
 * ```ts
 * for await (const token of listTokens({ status: "WAITING" })) console.log(token.id);
 * ```
 */
export function listTokens(options: ListTokensOptions = {}, requestOptions?: RequestOptions): PagePromise<ListedToken> {
  const { status, idempotencyKey, tags } = options;
  return pagePromise(options, async (cursors, send) => {
    const path = `/api/v1/waitpoints/tokens?${listQuery({ status, idempotencyKey, tags }, options, cursors)}`;
    const answer = await send({ method: "GET", path, options: requestOptions });
    if (!isWireList(answer.body)) throw unexpectedAnswer(answer, "a list of tokens");
    // The server answers with what the contract says.
    const data = answer.body.data.map((token) => withDates(token, timeFields) as unknown as ListedToken);
    return { data, pagination: answer.body.pagination };
  });
}

/**
 * Gets a token as it stands now; see `wait.retrieveToken`.
 *
 * @param token - the token, or its id
 * @returns the token; `output` once it is completed, `error` once its time is over
 * @throws NotFoundError when there is no such token
 * @example
 * ```ts
 * const { status } = await retrieveToken("waitpoint_…");
 * ```
 */
export function retrieveToken<TOutput = unknown>(
  token: TokenRef,
  requestOptions?: RequestOptions,
): ApiPromise<RetrievedToken<TOutput>> {
  return apiPromise(async (send) => {
    const id = typeof token === "string" ? token : token.id;
    const path = `/api/v1/waitpoints/tokens/${encodeURIComponent(id)}`;
    const answer = await send({ method: "GET", path, options: requestOptions });
    const { output: _text, outputType: _type, outputIsError, ...rest } = readToken(answer);
    const found = withDates(rest, timeFields) as unknown as ListedToken; // what the contract says
    if (outputIsError === true || found.status === "TIMED_OUT") {
      return { ...found, error: new WaitpointTimeoutError(timeoutMessage(id)) };
    }
    if (found.status === "WAITING") return found;
    return { ...found, output: readOutput(readToken(answer)) as TOutput }; // as the caller says
  });
}

function readToken(answer: { readonly body: unknown; readonly headers: Readonly<Record<string, string>> }) {
  const token = answer.body as (TokenDetail & Readonly<Record<string, unknown>>) | null; // checked in the next line
  if (typeof token?.id !== "string" || typeof token.status !== "string") throw unexpectedAnswer(answer, "a token");
  return token;
}
