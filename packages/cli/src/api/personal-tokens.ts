import type { CreatedPersonalToken, PersonalTokenList } from "@pawl/contract/api/personal-tokens";
import { send } from "./client.ts";
import type { Credentials } from "./credentials.ts";

/** The calls about personal tokens. Each throws a CommandError in one sentence when the server does not do it. */
export interface PersonalTokenClient {
  create(name: string): Promise<CreatedPersonalToken>;
  list(): Promise<PersonalTokenList>;
  revoke(id: string): Promise<void>;
}

/**
 * Makes a client of the personal tokens that open an environment.
 *
 * @param credentials - the server and the key
 * @returns the client
 */
export function createPersonalTokenClient(credentials: Credentials): PersonalTokenClient {
  // The answers are those of the contract: server and command are released together.
  const path = "/api/v1/personal-tokens";
  return {
    async create(name) {
      return (await send(credentials, {
        method: "POST",
        path,
        body: JSON.stringify({ name }),
      })) as CreatedPersonalToken;
    },
    list: async () => (await send(credentials, { method: "GET", path })) as PersonalTokenList,
    async revoke(id) {
      await send(credentials, { method: "DELETE", path: `${path}/${encodeURIComponent(id)}` });
    },
  };
}
