import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { fromPublicId, toPublicId } from "@pawl/contract/ids";
import { z } from "zod";

const defaultLifeS = 60 * 60;
const lastTimeMs = Date.parse("9999-12-31T00:00:00Z");
const header = Buffer.from('{"alg":"HS256"}').toString("base64url");

/** What a public token may say besides. */
export interface FurtherClaims {
  /** It is for one use. */
  readonly otu?: true;
  /** Tells it from another that says the same. */
  readonly jti?: string;
  readonly realtime?: { readonly skipColumns: readonly string[] };
}

/** Signs a public access token, which a browser may hold, for scopes such as `read:runs:run_…`; valid for an hour unless said. */
export type PublicTokenSigner = (scopes: string | readonly string[], lifeS?: number, more?: FurtherClaims) => string;

/**
 * Makes the signer of an environment. A token is a JWT signed by HS256 with the environment's key.
 * It is written here and not by a library since every trigger call signs one: 3 µs instead of some 50.
 *
 * @param environmentId - the UUID of the environment
 * @param key - the secret key that the caller showed
 * @param now - the time in milliseconds since 1970
 * @returns the signer
 * @example
 * ```ts
 * const sign = createPublicTokenSigner(environment.id, key);
 * sign("read:runs:run_…"); // "eyJhbGciOiJIUzI1NiJ9.…"
 * ```
 */
export function createPublicTokenSigner(environmentId: string, key: string, now = Date.now): PublicTokenSigner {
  const secret = createSecretKey(key, "utf8");
  // Issuer and audience are what the published clients write and expect.
  const fixed = `{"iss":"https://id.trigger.dev","aud":"https://api.trigger.dev","sub":"${toPublicId("env", environmentId)}","pub":true,`;
  return (scopes, lifeS = defaultLifeS, more) => {
    const issuedAt = Math.floor(now() / 1000);
    const claims = `${fixed}"iat":${issuedAt},"exp":${issuedAt + lifeS},"scopes":${JSON.stringify(typeof scopes === "string" ? [scopes] : scopes)}${further(more)}}`;
    const signed = `${header}.${Buffer.from(claims).toString("base64url")}`;
    return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  };
}

function further(claims: FurtherClaims | undefined): string {
  const text = claims === undefined ? "" : JSON.stringify(claims).slice(1, -1);
  return text === "" ? "" : `,${text}`;
}

const claimsSchema = z.object({
  iss: z.literal("https://id.trigger.dev"),
  aud: z.union([z.literal("https://api.trigger.dev"), z.array(z.string())]),
  sub: z.string(),
  pub: z.literal(true),
  exp: z.number(),
  scopes: z.array(z.string()).default([]),
  /** Whether it is for one use. */
  otu: z.boolean().default(false),
  realtime: z.object({ skipColumns: z.array(z.string()).optional() }).optional(),
});

/** What a public token says, before anything of it is trusted. */
export interface UnverifiedToken {
  readonly environmentId: string;
  readonly scopes: readonly string[];
  readonly isForOneUse: boolean;
  /** What the signature is for. The same signature can be written in several ways, this can't. */
  readonly signedText: string;
  /** Columns that live readers do not get; null: they may say. */
  readonly skippedColumns: readonly string[] | null;
  readonly expiresAt: Date;
  /** Whether it is signed with this key. */
  isSignedWith(key: string): boolean;
}

/**
 * Reads a public token.
 *
 * @param token - a JWT from a caller
 * @param now - the time in milliseconds since 1970
 * @returns what it says; null when it is no public token of this protocol, or its time is over
 */
export function readPublicToken(token: string, now = Date.now()): UnverifiedToken | null {
  const [head = "", body = "", signature = "", ...rest] = token.split(".");
  if (rest.length > 0 || readJson(head)?.alg !== "HS256") return null;
  const claims = claimsSchema.safeParse(readJson(body));
  if (!claims.success || claims.data.exp * 1_000 <= now) return null;
  const environmentId = fromPublicId("env", claims.data.sub);
  if (environmentId === null) return null;
  return {
    environmentId,
    scopes: claims.data.scopes,
    isForOneUse: claims.data.otu,
    signedText: `${head}.${body}`,
    skippedColumns: claims.data.realtime?.skipColumns ?? null,
    expiresAt: new Date(Math.min(claims.data.exp * 1_000, lastTimeMs)),
    isSignedWith(key) {
      const expected = createHmac("sha256", key).update(`${head}.${body}`).digest();
      const given = Buffer.from(signature, "base64url");
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}

function readJson(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return typeof value === "object" ? (value as Record<string, unknown> | null) : null; // null is an object too
  } catch {
    return null;
  }
}

/**
 * Tells whether scopes allow an action. A scope is `action[:type[:id]]`; `*` and `admin` are any action, the type `all` is
 * any, and without an id all of the type are meant.
 *
 * @param scopes - of a token
 * @param action - such as `read`
 * @param resources - types and ids; one that is covered is enough
 * @returns whether one of the scopes covers it
 * @example
 * ```ts
 * isCovered(["read:runs"], "read", [["runs", "run_1"]]); // true
 * ```
 */
export function isCovered(
  scopes: readonly string[],
  action: string,
  resources: readonly (readonly [type: string, id: string])[],
): boolean {
  return scopes.some((scope) => {
    const [allowed, type, ...idParts] = scope.split(":");
    if (allowed === "admin" && type === undefined) return true;
    if (allowed !== action && allowed !== "*" && allowed !== "admin") return false;
    if (type === undefined || type === "all") return true;
    const id = idParts.length === 0 ? null : idParts.join(":");
    return resources.some((resource) => resource[0] === type && (id === null || resource[1] === id));
  });
}
