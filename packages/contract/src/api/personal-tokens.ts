import { z } from "zod";
import { optional, textSchema } from "./trigger.ts";

/** The body of `POST /api/v1/personal-tokens`. */
export const createPersonalTokenBodySchema = z.object({
  /** What it is for, so that its holder recognises it; default: `token`. */
  name: optional(textSchema(1, 64).regex(/^\P{Cc}+$/u, "must have no control characters")),
});

/** A personal token as it is listed. */
export const personalTokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The token but for its middle. */
  obfuscatedToken: z.string(),
  /** Whether it opens every environment, as one that was made by a login does, or only the one of the key that lists it. */
  opensAll: z.boolean(),
  createdAt: z.string(),
});

/** A personal token as it is listed. */
export type PersonalTokenView = z.infer<typeof personalTokenSchema>;

/** The answer of `POST /api/v1/personal-tokens`, the only time that the token is shown. */
export const createdPersonalTokenSchema = personalTokenSchema.extend({ token: z.string() });

/** A personal token that was just made. */
export type CreatedPersonalToken = z.infer<typeof createdPersonalTokenSchema>;

/** The answer of `GET /api/v1/personal-tokens`, the newest first. */
export const personalTokenListSchema = z.object({ data: z.array(personalTokenSchema) });

/** The personal tokens that open an environment. */
export type PersonalTokenList = z.infer<typeof personalTokenListSchema>;

/** The answer of `DELETE /api/v1/personal-tokens/:tokenId`. */
export const revokedPersonalTokenSchema = z.object({ id: z.string() });
