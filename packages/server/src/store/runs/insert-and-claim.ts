import type { ClaimOutcome, ClaimRequest, InsertOutcome, NewRun } from "../../engine/ports.ts";
import type { Database } from "../db.ts";
import { type Claims, lockEnvironment } from "./claim.ts";
import { insertOrFind } from "./insert-or-find.ts";

/**
 * Makes runs and claims for a host in one transaction; where nothing is queued, runs are claimed as they are made. Then, and where the
 * insert locks live rows or idempotency keys, the environment's lock comes first, so that nobody waits for it who holds what another
 * waits for under it; else it comes after the insert, and is held for as short as can be.
 *
 * @param db - the database
 * @param claims - makes the claim
 * @param runs - runs of the host's environment
 * @param request - how many runs, and for which host
 * @returns what became of the runs, and what the claim brought
 */
export async function insertAndClaim(
  db: Database,
  claims: Claims,
  runs: readonly NewRun[],
  request: ClaimRequest,
): Promise<InsertOutcome & { readonly claim: ClaimOutcome }> {
  let claim: ClaimOutcome = { claimed: [], resumed: [], hasMore: false, isEnvironmentFull: false };
  const inserted = await insertOrFind(db, runs, async (statements) => {
    const { hasLocks, before, insert, insertClaimed } = statements;
    if (insertClaimed !== null && claims.mayClaimNew(request)) {
      const made = await claims.newRuns(statements.runs, before, insertClaimed(request), request);
      claim = made.claim;
      return made.made;
    }
    const first = hasLocks ? [lockEnvironment(request.environmentId), ...before] : before;
    const made = await claims.after([...first, insert], request, hasLocks);
    claim = made.claim;
    return made.rows[first.length] ?? [];
  });
  return { ...inserted, claim };
}
