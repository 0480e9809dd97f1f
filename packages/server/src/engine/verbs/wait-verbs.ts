import type { Engine } from "../engine.ts";
import type { EngineParts } from "./engine-parts.ts";

/** The verbs of tokens. */
export type WaitVerbs = Pick<Engine, "createToken" | "completeToken">;

/**
 * Makes the verbs of tokens.
 *
 * @param parts - what they work with
 * @returns the verbs
 */
export function waitVerbs({ settings: { waits }, dispatchers, services }: EngineParts): WaitVerbs {
  return {
    async createToken(token) {
      const { id, isCached, nextDueInMs } = await waits.createToken(token);
      if (nextDueInMs !== null) services.dueRuns.expect(nextDueInMs);
      return { id, isCached };
    },
    async completeToken(environmentId, id, output) {
      const outcome = await waits.completeToken(environmentId, id, output);
      if (outcome === "completed") dispatchers.freed(environmentId);
      return outcome;
    },
  };
}
