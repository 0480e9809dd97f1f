import { z } from "zod";
import { durationSchema, optional, textSchema } from "./trigger.ts";

/** The longest that a public token may live, in seconds: 30 days. */
export const maxPublicTokenLifeS = 30 * 86_400;

const scopeMessage = "must be scopes such as read:runs:run_…";

/** The body of `POST /api/v1/auth/public-tokens`. */
export const createPublicTokenBodySchema = z.object({
  scopes: z.array(textSchema(1, 512), scopeMessage).min(1, scopeMessage).max(100, "must be at most 100 scopes"),
  /** How long it is valid as text, or until when in seconds since 1970; default: 15 minutes. */
  expirationTime: optional(z.union([z.number(), durationSchema.transform((lengthMs) => ({ lengthMs }))])),
  /** Whether it is used up by the first run or batch that it makes. */
  oneTimeUse: optional(z.boolean()),
  realtime: optional(z.object({ skipColumns: optional(z.array(textSchema(1, 64)).max(50)) })),
});

/** The answer of `POST /api/v1/auth/public-tokens`. */
export interface PublicTokenAnswer {
  readonly token: string;
}

/** The answer of `POST /api/v1/auth/jwt/claims`: what a client that signs public tokens itself has to write into them. */
export interface TokenClaimsAnswer {
  /** `env_…` */
  readonly sub: string;
  readonly pub: true;
}
