import {
  type BeginLoginAnswer,
  beginLoginAnswerSchema,
  beginLoginBodySchema,
  type RedeemLoginAnswer,
  redeemLoginAnswerSchema,
  redeemLoginBodySchema,
} from "@pawl/contract/api/logins";
import { ApiError } from "../api/errors.ts";
import type { Route } from "../api/route.ts";
import { publicUrlOf } from "../api/token-url.ts";
import { parse } from "../api/validation.ts";
import type { LoginRequestStore } from "../engine/personal-token-ports.ts";
import { loginName, loginPageRoutes, loginPath } from "./login-page-routes.ts";
import { obfuscated } from "./personal-token-routes.ts";

const tag = "People";

/** What the routes need. */
export interface LoginRouteSettings {
  readonly loginRequests: LoginRequestStore;
  readonly tellOperator: (message: string) => void;
}

/**
 * The routes by which a program gets a personal token for the person at it. The program keeps a secret (PKCE); the person proves to be
 * the server's operator by a code that the server prints; and the approval reaches the program only through that person's browser or
 * hands. So neither who sees the address, nor who lures the operator there, gets the token.
 *
 * @param settings - what they need
 * @returns the routes
 */
export function loginRoutes({ loginRequests, tellOperator }: LoginRouteSettings): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/api/v1/authorization-code",
      accepts: "anyone",
      bodyLimit: 4_096,
      document: {
        summary: "Begin a login of a command-line tool",
        tag,
        body: beginLoginBodySchema,
        answers: { 200: beginLoginAnswerSchema },
      },
      async answer(request): Promise<BeginLoginAnswer> {
        const body = parse(beginLoginBodySchema, request.body ?? {}, "body");
        const callbackPort = body.callbackPort ?? null;
        const made = await loginRequests.create({ challenge: body.codeChallenge, callbackPort });
        if (made === null) throw tooMany;
        // Not the address: its host is the caller's word, and might lead the operator to somebody else's page.
        tellOperator(
          `A command-line tool asks to be signed in, as login ${loginName(made.code)}. If that is you, enter the code ${made.confirmation} on the page of this server that it names, within 10 minutes.`,
        );
        const url = `${publicUrlOf(request.raw)}${loginPath(made.code)}`;
        return { url, authorizationCode: made.code, approval: callbackPort === null ? "paste" : "callback" };
      },
    },
    {
      method: "POST",
      path: "/api/v1/token",
      accepts: "anyone",
      bodyLimit: 4_096,
      document: {
        summary: "Exchange an approved login for its personal token",
        tag,
        body: redeemLoginBodySchema,
        answers: { 200: redeemLoginAnswerSchema },
      },
      async answer(request, reply): Promise<RedeemLoginAnswer> {
        const { authorizationCode, codeVerifier, approvalCode } = parse(redeemLoginBodySchema, request.body, "body");
        const proof = { verifier: codeVerifier, approval: approvalCode };
        const outcome = await loginRequests.redeem(authorizationCode, proof);
        reply.header("cache-control", "no-store");
        if (outcome.kind === "waiting") return { token: null };
        if (outcome.kind === "redeemed") {
          const { token, ending } = outcome.token;
          return { token: { token, obfuscatedToken: obfuscated(ending) } };
        }
        if (outcome.kind === "over") throw over;
        throw new ApiError(
          "invalid_request",
          `approvalCode: is not the one that the page showed; ${outcome.triesLeft} tries are left.`,
          "approvalCode",
        );
      },
    },
    ...loginPageRoutes(loginRequests),
  ];
}

const over = new ApiError(
  "not_found",
  "The login is over: it took longer than 10 minutes, was done already, or had five wrong codes. Begin it again.",
);

const tooMany = new ApiError(
  "too_many",
  "Twenty logins wait for their approval. Try again in 10 minutes, or make a token with 'pawl token create' and set TRIGGER_ACCESS_TOKEN.",
);
