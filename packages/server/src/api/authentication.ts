import { createHash } from "node:crypto";
import type { EnvironmentStore } from "../engine/environment-ports.ts";
import type { Environment } from "../engine/ports.ts";
import { type BlobAccess, blobUrl } from "./blob-url.ts";
import { ApiError } from "./errors.ts";
import { createPublicTokenSigner, isCovered, type PublicTokenSigner, readPublicToken } from "./public-token.ts";
import { callbackUrl } from "./token-url.ts";

/** Who makes a call: the holder of an environment's secret key, or of a public token that was made with it. */
export interface Caller {
  readonly environment: Environment;
  /** What a public token allows; null: everything in the environment. */
  readonly scopes: readonly string[] | null;
  /** Of a public token for one use: what its use is remembered by. */
  readonly oneUse: { readonly hash: Buffer; readonly expiresAt: Date } | null;
  /** Columns that a public token keeps from live readers; null: they may say. */
  readonly skippedColumns: readonly string[] | null;
  readonly signPublicToken: PublicTokenSigner;
  /** The address where a token of the environment is completed. */
  callbackUrl(publicUrl: string, waitpointId: string): string;
  /** An address where a packet of the environment is sent or fetched. */
  blobUrl(publicUrl: string, access: BlobAccess, path: string): string;
}

/**
 * Refuses a caller whose public token does not cover what it asks for.
 *
 * @param caller - who asks
 * @param action - such as `read`
 * @param resources - types and ids; one that is covered is enough
 * @throws ApiError `forbidden`
 */
export function requireScope(
  caller: Caller,
  action: string,
  resources: readonly (readonly [type: string, id: string])[],
): void {
  if (caller.scopes === null || isCovered(caller.scopes, action, resources)) return;
  const [[type, id] = ["", ""]] = resources;
  throw new ApiError("forbidden", `The public access token lacks the scope ${action}:${type}:${id}.`, "access_token");
}

/**
 * Refuses a caller whose public token allows an action for nothing at all, before the body says what for.
 *
 * @param caller - who asks
 * @param action - such as `batchTrigger`
 * @param type - of what the action is for
 * @throws ApiError `forbidden`
 */
export function requireAction({ scopes }: Caller, action: string, type: string): void {
  const allows = (scope: string) => [action, "admin", "*"].includes(scope.split(":", 1)[0] ?? "");
  if (scopes === null || scopes.some(allows)) return;
  throw new ApiError("forbidden", `The public access token lacks a scope such as ${action}:${type}:….`, "access_token");
}

/** Finds the caller behind the header `Authorization`. */
export interface Authenticator {
  /** Answers at once for a key seen lately; a refusal is a value, an unreachable store a rejection. */
  authenticate(authorization: string | undefined): Caller | ApiError | Promise<Caller | ApiError>;
  /** The same, and takes public tokens too. */
  authenticatePublic(authorization: string | undefined): Caller | ApiError | Promise<Caller | ApiError>;
}

/** The store remembers valid keys too; this memory only spares a busy caller its lookups. */
const rememberMs = 5_000;

/**
 * Makes an authenticator that remembers valid keys for 5 s. Keys that are not valid are not remembered, so that guessing
 * fills no memory.
 *
 * @param environments - where keys are looked up
 * @param now - a clock in milliseconds
 * @returns the authenticator
 */
export function createAuthenticator(
  environments: Pick<EnvironmentStore, "findByKey" | "withKeys">,
  now: () => number = Date.now,
): Authenticator {
  const remembered = new Map<string, { readonly caller: Caller; readonly untilMs: number }>();
  const lookups = new Map<string, Promise<Caller | ApiError>>();

  async function lookUp(key: string): Promise<Caller | ApiError> {
    const environment = await environments.findByKey(key);
    if (environment === null) {
      remembered.delete(key);
      return unknownKey(key);
    }
    const caller = remembered.get(key)?.caller ?? callerWith(environment, key);
    remembered.set(key, { caller, untilMs: now() + rememberMs });
    return caller;
  }

  function authenticate(authorization: string | undefined): Caller | ApiError | Promise<Caller | ApiError> {
    const key = bearerOf(authorization);
    if (key === null) return missingKey;
    const known = remembered.get(key);
    if (known !== undefined && known.untilMs > now()) return known.caller;
    let lookup = lookups.get(key);
    if (lookup === undefined) {
      lookup = lookUp(key).finally(() => lookups.delete(key));
      lookups.set(key, lookup);
    }
    return lookup;
  }

  async function readToken(text: string): Promise<Caller | ApiError> {
    const token = readPublicToken(text, now());
    if (token === null) return badToken;
    const found = await environments.withKeys(token.environmentId);
    const key = found?.keys.find((one) => token.isSignedWith(one));
    if (found === null || key === undefined) return badToken;
    const oneUse = token.isForOneUse ? { hash: sha256(token.signedText), expiresAt: token.expiresAt } : null;
    return {
      ...callerWith(found.environment, key),
      scopes: token.scopes,
      oneUse,
      skippedColumns: token.skippedColumns,
    };
  }

  return {
    authenticate,
    authenticatePublic(authorization) {
      const text = bearerOf(authorization);
      return text?.startsWith("eyJ") === true ? readToken(text) : authenticate(authorization);
    },
  };
}

function callerWith(environment: Environment, key: string): Caller {
  return {
    environment,
    scopes: null,
    oneUse: null,
    skippedColumns: null,
    signPublicToken: createPublicTokenSigner(environment.id, key),
    callbackUrl: (publicUrl, waitpointId) => callbackUrl(publicUrl, waitpointId, key),
    blobUrl: (publicUrl, access, path) => blobUrl(publicUrl, { access, environmentId: environment.id, path }, key),
  };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/**
 * Reads the credential out of a header.
 *
 * @param authorization - the header, if there is one
 * @returns the credential; null where the header is none of `Bearer`
 */
export function bearerOf(authorization: string | undefined): string | null {
  if (authorization === undefined) return null;
  const match = /^bearer +(\S+)$/i.exec(authorization);
  return match?.[1] ?? null;
}

const missingKey = new ApiError(
  "unauthorized",
  "The secret key is missing. Send the header 'Authorization: Bearer <key>' with the key of an environment (tr_dev_…, tr_prod_…).",
);

const badToken = new ApiError(
  "unauthorized",
  "The public access token is not valid: its time is over, or no environment of this server signed it.",
);

function unknownKey(key: string): ApiError {
  if (key.startsWith("eyJ")) {
    return new ApiError(
      "unauthorized",
      "Public access tokens are not accepted here. Use the secret key of an environment.",
    );
  }
  if (key.startsWith("tr_pat_") || key.startsWith("tr_oat_")) {
    return new ApiError("unauthorized", "Personal tokens are not accepted here. Use the secret key of an environment.");
  }
  return new ApiError(
    "unauthorized",
    "No environment has this secret key. Check TRIGGER_SECRET_KEY and TRIGGER_API_URL.",
  );
}
