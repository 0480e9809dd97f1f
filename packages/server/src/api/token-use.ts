import type { UsedTokens } from "../engine/token-ports.ts";
import type { Caller } from "./authentication.ts";
import { ApiError } from "./errors.ts";

/**
 * Uses up the caller's public token where that is for one use. Comes last before the run or batch is made, so that a call which
 * is refused for its body can be corrected.
 *
 * @param usedTokens - remembers the use
 * @param caller - who calls
 * @param requestKey - of the call, whose retries count as one
 * @throws ApiError `unauthorized` when another call has used it
 */
export async function useUpToken(usedTokens: UsedTokens, caller: Caller, requestKey: string | null): Promise<void> {
  if (caller.oneUse === null || (await usedTokens.use({ ...caller.oneUse, requestKey }))) return;
  throw new ApiError("unauthorized", "The public access token was for one use, and has been used. Ask for a new one.");
}

/**
 * Refuses a parent that the holder of a public token names: only code of a run triggers for it.
 *
 * @param caller - who calls
 * @param hasParent - whether the call names one
 * @param field - where it is named
 * @throws ApiError `forbidden`
 */
export function refuseParentOfToken(caller: Caller, hasParent: boolean, field: string): void {
  if (caller.scopes === null || !hasParent) return;
  throw new ApiError("forbidden", `${field}: a public access token can't trigger for a run. Leave it out.`, field);
}
