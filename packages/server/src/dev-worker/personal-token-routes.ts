import {
  type CreatedPersonalToken,
  createdPersonalTokenSchema,
  createPersonalTokenBodySchema,
  type PersonalTokenList,
  type PersonalTokenView,
  personalTokenListSchema,
  revokedPersonalTokenSchema,
} from "@pawl/contract/api/personal-tokens";
import { toPublicId } from "@pawl/contract/ids";
import type { Route } from "../api/route.ts";
import { idInPath, notFound, parse, pathPart, refuseNul } from "../api/validation.ts";
import type { PersonalToken, PersonalTokenStore } from "../engine/personal-token-ports.ts";

const path = "/api/v1/personal-tokens";
const tag = "People";

/**
 * The routes by which the holder of an environment's key makes, lists and revokes personal tokens. A token that is made so opens that
 * environment and no other: it lets nobody further than the key did.
 *
 * @param personalTokens - keeps them
 * @returns the routes
 */
export function personalTokenRoutes(personalTokens: PersonalTokenStore): readonly Route[] {
  return [
    {
      method: "POST",
      path,
      accepts: "environment_key",
      document: {
        summary: "Make a personal token for the key's environment",
        tag,
        body: createPersonalTokenBodySchema,
        answers: { 200: createdPersonalTokenSchema },
      },
      async answer(request, reply, { environment }): Promise<CreatedPersonalToken> {
        const { name = "token" } = parse(createPersonalTokenBodySchema, request.body ?? {}, "body");
        refuseNul(name, "name");
        const made = await personalTokens.create({ environmentId: environment.id, name });
        reply.header("cache-control", "no-store");
        return { ...toView(made), token: made.token };
      },
    },
    {
      method: "GET",
      path,
      accepts: "environment_key",
      document: {
        summary: "List the personal tokens that open the key's environment",
        tag,
        answers: { 200: personalTokenListSchema },
      },
      async answer(_request, _reply, { environment }): Promise<PersonalTokenList> {
        return { data: (await personalTokens.list(environment.id)).map(toView) };
      },
    },
    {
      method: "DELETE",
      path: `${path}/:tokenId`,
      accepts: "environment_key",
      document: {
        summary: "Revoke a personal token",
        tag,
        params: { tokenId: "The id of the token, `pat_…`." },
        answers: { 200: revokedPersonalTokenSchema },
      },
      async answer(request, _reply, { environment }): Promise<{ readonly id: string }> {
        const id = pathPart(request, "tokenId");
        const isRevoked = await personalTokens.revoke(environment.id, idInPath(request, "tokenId", "pat"));
        if (!isRevoked) throw notFound("personal token", id);
        return { id };
      },
    },
  ];
}

function toView({ id, name, ending, environmentId, createdAt }: PersonalToken): PersonalTokenView {
  return {
    id: toPublicId("pat", id),
    name,
    obfuscatedToken: obfuscated(ending),
    opensAll: environmentId === null,
    createdAt: createdAt.toISOString(),
  };
}

/**
 * Writes a token so that its holder recognises it and nobody can use it.
 *
 * @param ending - its last characters
 * @returns the text
 */
export function obfuscated(ending: string): string {
  return `tr_pat_…${ending}`;
}
