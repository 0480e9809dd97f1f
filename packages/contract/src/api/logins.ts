import { z } from "zod";
import { optional, textSchema } from "./trigger.ts";

const challengeMessage =
  "must be the SHA-256 of a secret of yours, in base64url. Older command-line tools send none: use 4.8.3, or set TRIGGER_ACCESS_TOKEN";

const portMessage = "must be a port from 1 to 65535";

/** The body of `POST /api/v1/authorization-code`. */
export const beginLoginBodySchema = z.object({
  codeChallenge: z.string(challengeMessage).regex(/^[\w-]{43}$/, challengeMessage),
  codeChallengeMethod: z.literal("S256", "must be S256"),
  /** Where the program listens on its own machine for the browser in which the login is approved. */
  callbackPort: optional(z.int(portMessage).min(1, portMessage).max(65_535, portMessage)),
});

/** The answer of `POST /api/v1/authorization-code`. */
export const beginLoginAnswerSchema = z.object({
  /** Where a person approves it. */
  url: z.string(),
  authorizationCode: z.string(),
  /** Whether the approval comes to the program by its port, or is shown to the person, who brings it there. */
  approval: z.enum(["callback", "paste"]),
});

/** The answer of `POST /api/v1/authorization-code`. */
export type BeginLoginAnswer = z.infer<typeof beginLoginAnswerSchema>;

/** The body of `POST /api/v1/token`. */
export const redeemLoginBodySchema = z.object({
  authorizationCode: textSchema(1, 128),
  /** The secret that the challenge was made of. */
  codeVerifier: textSchema(1, 256),
  approvalCode: textSchema(1, 64),
});

/** The answer of `POST /api/v1/token`: null before somebody has approved the login. */
export const redeemLoginAnswerSchema = z.object({
  token: z.object({ token: z.string(), obfuscatedToken: z.string() }).nullable(),
});

/** The answer of `POST /api/v1/token`. */
export type RedeemLoginAnswer = z.infer<typeof redeemLoginAnswerSchema>;
