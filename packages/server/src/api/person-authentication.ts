import type { EnvironmentStore } from "../engine/environment-ports.ts";
import type { PersonalToken, PersonalTokenStore } from "../engine/personal-token-ports.ts";
import { type Authenticator, bearerOf, type Caller } from "./authentication.ts";
import { ApiError } from "./errors.ts";

/** The part of a project that an address names. */
export interface ProjectPlace {
  readonly ref: string;
  /** Of an environment. */
  readonly slug: string;
}

/** Finds the person behind the header `Authorization`. */
export interface PersonAuthenticator {
  /** Takes personal tokens. A refusal is a value, an unreachable store a rejection. */
  authenticatePerson(authorization: string | undefined): Promise<PersonalToken | ApiError>;
  /**
   * Takes the key of an environment, or a personal token that opens the environment which the address names: then its holder calls
   * as the holder of that environment's key.
   */
  authenticateFor(authorization: string | undefined, place: ProjectPlace): Promise<Caller | ApiError>;
}

/** What the authenticator needs. */
export interface PersonAuthenticatorSettings {
  readonly personalTokens: Pick<PersonalTokenStore, "find">;
  readonly environments: Pick<EnvironmentStore, "openProject">;
  /** For the keys of environments. */
  readonly authenticator: Pick<Authenticator, "authenticate">;
}

/**
 * Makes an authenticator of people. Nothing is remembered, so that a token which is revoked works for no longer.
 *
 * @param settings - where tokens are looked up
 * @returns the authenticator
 */
export function createPersonAuthenticator(settings: PersonAuthenticatorSettings): PersonAuthenticator {
  const { personalTokens, environments, authenticator } = settings;

  async function authenticatePerson(authorization: string | undefined): Promise<PersonalToken | ApiError> {
    const token = bearerOf(authorization);
    if (token === null) return missingToken;
    if (!token.startsWith(prefix)) return noPersonalToken;
    return (await personalTokens.find(token)) ?? unknownToken;
  }

  return {
    authenticatePerson,
    async authenticateFor(authorization, { ref, slug }) {
      if (bearerOf(authorization)?.startsWith(prefix) !== true) return authenticator.authenticate(authorization);
      const person = await authenticatePerson(authorization);
      if (person instanceof ApiError) return person;
      const project = await environments.openProject(ref, person.environmentId);
      const environment = project?.environments.find((one) => isSlugOf(slug, one.slug));
      if (environment !== undefined) return authenticator.authenticate(`Bearer ${environment.secretKey}`);
      return new ApiError(
        "forbidden",
        `The personal token opens no environment ${slug.slice(0, 64)} of the project ${ref.slice(0, 64)}. Check the name of the environment, or use its secret key.`,
        "slug",
      );
    },
  };
}

const prefix = "tr_pat_";

/**
 * Tells whether a name is that of an environment: published clients write `stg` and `staging` for one thing.
 *
 * @param asked - the name in an address
 * @param slug - the environment's
 * @returns whether it is
 */
export function isSlugOf(asked: string, slug: string): boolean {
  return asked === slug || (isStaging(asked) && isStaging(slug));
}

function isStaging(slug: string): boolean {
  return slug === "stg" || slug === "staging";
}

const howToGetOne = "Get one with 'trigger login', or make one with 'pawl token create'.";

const missingToken = new ApiError(
  "unauthorized",
  `The personal token is missing. Send the header 'Authorization: Bearer tr_pat_…'. ${howToGetOne}`,
);

const noPersonalToken = new ApiError(
  "unauthorized",
  `This call takes a personal token (tr_pat_…), and no other credential. ${howToGetOne}`,
);

const unknownToken = new ApiError(
  "unauthorized",
  `Nobody has this personal token: it was revoked, or is another server's. ${howToGetOne}`,
);
