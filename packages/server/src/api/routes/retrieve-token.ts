import { tokenDetailSchema } from "@pawl/contract/api/answers/waitpoints";
import type { TokenDetail } from "@pawl/contract/api/waitpoints";
import type { WaitStore } from "../../engine/wait-ports.ts";
import type { Route } from "../route.ts";
import { publicUrlOf } from "../token-url.ts";
import { tokenDetail } from "../token-view.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `GET /api/v1/waitpoints/tokens/:tokenId`: where a token stands, and what it was completed with.
 *
 * @param waits - reads tokens
 * @returns the route
 */
export function retrieveTokenRoute(waits: Pick<WaitStore, "retrieveToken">): Route {
  return {
    method: "GET",
    path: "/api/v1/waitpoints/tokens/:tokenId",
    accepts: "environment_key",
    document: { summary: "Retrieve a wait token", tag: "Wait tokens", answers: { 200: tokenDetailSchema } },
    async answer(request, _reply, { environment, callbackUrl }): Promise<TokenDetail> {
      const token = await waits.retrieveToken(environment.id, idInPath(request, "tokenId", "waitpoint"));
      if (token === null) throw notFound("token", pathPart(request, "tokenId"));
      return tokenDetail(token, callbackUrl(publicUrlOf(request.raw), token.id));
    },
  };
}
