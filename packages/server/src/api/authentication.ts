import type { Environment, EnvironmentStore } from "../engine/ports.ts";
import { ApiError } from "./errors.ts";
import { createPublicTokenSigner, type PublicTokenSigner } from "./public-token.ts";

/** Who makes a call: the holder of an environment's secret key. */
export interface Caller {
  readonly environment: Environment;
  readonly signPublicToken: PublicTokenSigner;
}

/** Finds the caller behind the header `Authorization`. */
export interface Authenticator {
  /** Answers at once for a key seen lately; a refusal is a value, an unreachable store a rejection. */
  authenticate(authorization: string | undefined): Caller | ApiError | Promise<Caller | ApiError>;
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
export function createAuthenticator(environments: EnvironmentStore, now: () => number = Date.now): Authenticator {
  const remembered = new Map<string, { readonly caller: Caller; readonly untilMs: number }>();
  const lookups = new Map<string, Promise<Caller | ApiError>>();

  async function lookUp(key: string): Promise<Caller | ApiError> {
    const environment = await environments.findByKey(key);
    if (environment === null) {
      remembered.delete(key);
      return unknownKey(key);
    }
    const caller = remembered.get(key)?.caller ?? {
      environment,
      signPublicToken: createPublicTokenSigner(environment.id, key),
    };
    remembered.set(key, { caller, untilMs: now() + rememberMs });
    return caller;
  }

  return {
    authenticate(authorization) {
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
    },
  };
}

function bearerOf(authorization: string | undefined): string | null {
  if (authorization === undefined) return null;
  const match = /^bearer +(\S+)$/i.exec(authorization);
  return match?.[1] ?? null;
}

const missingKey = new ApiError(
  "unauthorized",
  "The secret key is missing. Send the header 'Authorization: Bearer <key>' with the key of an environment (tr_dev_…, tr_prod_…).",
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
