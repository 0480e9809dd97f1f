import { type CompleteTokenAnswer, maxTokenBytes } from "@pawl/contract/api/waitpoints";
import type { Engine } from "../engine/engine.ts";
import { ApiError } from "./errors.ts";
import { notFound } from "./validation.ts";

/**
 * Completes a token with a value of a caller.
 *
 * @param engine - completes it
 * @param environmentId - of the token
 * @param token - its public id, and its UUID
 * @param data - any JSON; `undefined` for none
 * @returns the answer, also where the token was complete before
 * @throws ApiError `not_found`, or `payload_too_large`
 */
export async function completeToken(
  engine: Engine,
  environmentId: string,
  token: { readonly id: string; readonly uuid: string },
  data: unknown,
): Promise<CompleteTokenAnswer> {
  const text = data === undefined ? null : JSON.stringify(data);
  if (text !== null && Buffer.byteLength(text) > maxTokenBytes) {
    const message = `data: is over the limit of ${maxTokenBytes / 1024} KB for a token. Store it elsewhere and send where it is.`;
    throw new ApiError("payload_too_large", message, "data");
  }
  const outcome = await engine.completeToken(environmentId, token.uuid, { text, type: "application/json" });
  if (outcome === "not_found") throw notFound("token", token.id);
  return { success: true };
}
