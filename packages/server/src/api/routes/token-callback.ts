import { completeTokenAnswerSchema } from "@pawl/contract/api/answers/waitpoints";
import { type CompleteTokenAnswer, maxTokenBytes } from "@pawl/contract/api/waitpoints";
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import type { EnvironmentStore } from "../../engine/environment-ports.ts";
import { ApiError } from "../errors.ts";
import type { Route } from "../route.ts";
import { completeToken } from "../token-completion.ts";
import { isCallbackHash } from "../token-url.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `POST /api/v1/waitpoints/tokens/:tokenId/callback/:hash`: completes a token with the whole body, any JSON, or `{}` without one,
 * for services that can be given an address and nothing else. The hash in it is the credential.
 *
 * @param engine - completes the token
 * @param environments - knows the keys that the hash may have been made with
 * @returns the route
 */
export function tokenCallbackRoute(
  engine: Engine,
  environments: Pick<EnvironmentStore, "ofToken" | "withKeys">,
): Route {
  return {
    method: "POST",
    path: "/api/v1/waitpoints/tokens/:tokenId/callback/:hash",
    accepts: "anyone",
    bodyLimit: maxTokenBytes,
    document: {
      summary: "Complete a wait token by its address",
      tag: "Wait tokens",
      description: "The `url` of a token: whatever JSON is sent there is the value.",
      params: { hash: "What proves that the address is the server's." },
      body: z.unknown(),
      answers: { 200: completeTokenAnswerSchema },
    },
    async answer(request): Promise<CompleteTokenAnswer> {
      // Without either header there is no body, which counts as {}.
      if ("transfer-encoding" in request.headers && !("content-length" in request.headers)) {
        throw new ApiError("length_required", "Send the body with the header 'Content-Length'.", "content-length");
      }
      const uuid = idInPath(request, "tokenId", "waitpoint");
      const id = pathPart(request, "tokenId");
      const environmentId = await environments.ofToken(uuid);
      if (environmentId === null) throw notFound("token", id);
      const keys = (await environments.withKeys(environmentId))?.keys ?? [];
      const hash = pathPart(request, "hash");
      if (!keys.some((key) => isCallbackHash(hash, uuid, key))) {
        throw new ApiError(
          "unauthorized",
          `This is not the address of the token ${id}. Use the url that came with it.`,
        );
      }
      return completeToken(engine, environmentId, { id, uuid }, request.body ?? {});
    },
  };
}
