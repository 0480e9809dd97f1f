import { publicTokenAnswerSchema, tokenClaimsSchema } from "@pawl/contract/api/answers/access";
import {
  createPublicTokenBodySchema,
  maxPublicTokenLifeS,
  type PublicTokenAnswer,
  type TokenClaimsAnswer,
} from "@pawl/contract/api/public-tokens";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { ApiError } from "../errors.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

const defaultLifeS = 15 * 60;

/**
 * `POST /api/v1/auth/jwt/claims`: for published clients, which sign public tokens themselves with the secret key that they hold.
 *
 * @returns the route
 */
export function tokenClaimsRoute(): Route {
  return {
    method: "POST",
    path: "/api/v1/auth/jwt/claims",
    accepts: "environment_key",
    document: {
      summary: "Get what a public token has to say",
      tag: "Public tokens",
      description: "For clients that sign public tokens themselves.",
      answers: { 200: tokenClaimsSchema },
    },
    answer: (_request, _reply, { environment }): TokenClaimsAnswer => ({
      sub: toPublicId("env", environment.id),
      pub: true,
    }),
  };
}

/**
 * `POST /api/v1/auth/public-tokens`: signs a public token with any scopes, since the holder of the key may do everything.
 *
 * @returns the route
 */
export function createPublicTokenRoute(): Route {
  return {
    method: "POST",
    path: "/api/v1/auth/public-tokens",
    accepts: "environment_key",
    document: {
      summary: "Create a public token",
      tag: "Public tokens",
      body: createPublicTokenBodySchema,
      answers: { 200: publicTokenAnswerSchema },
      example: { body: { scopes: ["read:runs:run_01kaqk9s6ye4ja0n3x5v7c9bd1"], expirationTime: "1h" } },
    },
    answer(request, _reply, { signPublicToken }): PublicTokenAnswer {
      const body = parse(createPublicTokenBodySchema, request.body ?? {}, "body");
      const skipColumns = body.realtime?.skipColumns;
      const more = {
        ...(body.oneTimeUse === true ? { otu: true as const, jti: newUuid() } : {}),
        ...(skipColumns === undefined ? {} : { realtime: { skipColumns } }),
      };
      return { token: signPublicToken(body.scopes, lifeOf(body.expirationTime), more) };
    },
  };
}

function lifeOf(time: number | { readonly lengthMs: number } | undefined): number {
  if (time === undefined) return defaultLifeS;
  const lifeS = Math.floor(typeof time === "number" ? time - Date.now() / 1_000 : time.lengthMs / 1_000);
  if (lifeS > 0 && lifeS <= maxPublicTokenLifeS) return lifeS;
  throw new ApiError(
    "invalid_request",
    "expirationTime: must lie in the next 30 days, as a duration such as 1h or in seconds since 1970.",
    "expirationTime",
  );
}
