import { createTokenAnswerSchema } from "@pawl/contract/api/answers/waitpoints";
import { type CreateTokenAnswer, createTokenBodySchema } from "@pawl/contract/api/waitpoints";
import { toPublicId } from "@pawl/contract/ids";
import type { Engine } from "../../engine/engine.ts";
import { idempotencyOf } from "../idempotency.ts";
import type { Route } from "../route.ts";
import { publicUrlOf, tokenLifeS } from "../token-url.ts";
import { parse, refuseNul } from "../validation.ts";

/**
 * `POST /api/v1/waitpoints/tokens`: makes a token that runs can wait for.
 *
 * @param engine - makes the token
 * @returns the route
 */
export function createTokenRoute(engine: Engine): Route {
  return {
    method: "POST",
    path: "/api/v1/waitpoints/tokens",
    accepts: "environment_key",
    document: {
      summary: "Create a wait token",
      tag: "Wait tokens",
      body: createTokenBodySchema,
      answers: { 200: createTokenAnswerSchema },
      example: { body: { timeout: "1h", tags: ["approval"] } },
    },
    async answer(request, reply, { environment, signPublicToken, callbackUrl }): Promise<CreateTokenAnswer> {
      const body = parse(createTokenBodySchema, request.body ?? {}, "body");
      const tags = body.tags ?? [];
      for (const tag of tags) refuseNul(tag, "tags");
      const token = await engine.createToken({
        environmentId: environment.id,
        timeout: body.timeout ?? null,
        tags,
        idempotency: idempotencyOf(body, ""),
      });
      const id = toPublicId("waitpoint", token.id);
      reply.header("x-trigger-jwt", signPublicToken(`write:waitpoints:${id}`, tokenLifeS));
      return { id, isCached: token.isCached, url: callbackUrl(publicUrlOf(request.raw), token.id) };
    },
  };
}
