import { tokenListSchema } from "@pawl/contract/api/answers/waitpoints";
import { listTokensQuerySchema, type TokenList } from "@pawl/contract/api/waitpoints";
import type { TokenListFilter, WaitStore } from "../../engine/wait-ports.ts";
import { createdInQuery, cursorOf, filled, paginationOf, refuseUnknownFilters } from "../list-query.ts";
import type { Route } from "../route.ts";
import { publicUrlOf } from "../token-url.ts";
import { tokenItem } from "../token-view.ts";
import { parse, refuseNul } from "../validation.ts";

/**
 * `GET /api/v1/waitpoints/tokens`: the tokens of an environment, newest first, in pages.
 *
 * @param waits - reads tokens
 * @returns the route
 */
export function listTokensRoute(waits: Pick<WaitStore, "listTokens">): Route {
  return {
    method: "GET",
    path: "/api/v1/waitpoints/tokens",
    accepts: "environment_key",
    document: {
      summary: "List wait tokens",
      tag: "Wait tokens",
      query: listTokensQuerySchema,
      answers: { 200: tokenListSchema },
    },
    async answer(request, _reply, { environment, callbackUrl }): Promise<TokenList> {
      const page = await waits.listTokens(environment.id, filterOf(request.query, Date.now()));
      const publicUrl = publicUrlOf(request.raw);
      const data = page.tokens.map((token) => tokenItem(token, callbackUrl(publicUrl, token.id)));
      return { data, pagination: paginationOf(data, page, request.query) };
    },
  };
}

function filterOf(query: unknown, nowMs: number): TokenListFilter {
  refuseUnknownFilters(query, listTokensQuerySchema);
  const parsed = parse(listTokensQuerySchema, query, "query");
  const tags = filled(parsed["filter[tags]"], "filter[tags]");
  const idempotencyKey = parsed["filter[idempotencyKey]"] ?? null;
  if (idempotencyKey !== null) refuseNul(idempotencyKey, "filter[idempotencyKey]");
  const cursor = cursorOf(parsed, "waitpoint");
  return {
    statuses: filled(parsed["filter[status]"], "filter[status]"),
    idempotencyKey,
    tags,
    ...createdInQuery(parsed, nowMs),
    cursor: cursor === null ? null : { direction: cursor.direction, id: cursor.uuid },
    size: parsed["page[size]"],
  };
}
