import { completeTokenAnswerSchema } from "@pawl/contract/api/answers/waitpoints";
import { type CompleteTokenAnswer, completeTokenBodySchema, maxTokenBytes } from "@pawl/contract/api/waitpoints";
import type { Engine } from "../../engine/engine.ts";
import { requireScope } from "../authentication.ts";
import type { Route } from "../route.ts";
import { completeToken } from "../token-completion.ts";
import { idInPath, parse, pathPart } from "../validation.ts";

/**
 * `POST /api/v1/waitpoints/tokens/:tokenId/complete`: ends the waits for a token with a value. Safe to repeat: the first value
 * stays.
 *
 * @param engine - completes the token
 * @returns the route
 */
export function completeTokenRoute(engine: Engine): Route {
  return {
    method: "POST",
    path: "/api/v1/waitpoints/tokens/:tokenId/complete",
    accepts: "public_token",
    bodyLimit: maxTokenBytes + 1_024,
    document: {
      summary: "Complete a wait token",
      tag: "Wait tokens",
      description: "Ends the waits for it with a value. Safe to repeat: the first value stays.",
      body: completeTokenBodySchema,
      answers: { 200: completeTokenAnswerSchema },
      scopes: ["write:waitpoints:{tokenId}"],
      example: { body: { data: { approved: true } }, answer: { success: true } },
    },
    async answer(request, _reply, caller): Promise<CompleteTokenAnswer> {
      const id = pathPart(request, "tokenId");
      requireScope(caller, "write", [["waitpoints", id]]);
      const { data } = parse(completeTokenBodySchema, request.body ?? {}, "body");
      return completeToken(
        engine,
        caller.environment.id,
        { id, uuid: idInPath(request, "tokenId", "waitpoint") },
        data,
      );
    },
  };
}
