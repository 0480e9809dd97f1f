import type { Claim } from "../../engine/ports.ts";
import type { Statement } from "../db.ts";
import { claims, claimValues, heldBy } from "./held-by.ts";

/**
 * Starts runs that a host holds ahead: each uses an attempt, and can no longer expire. A start that is repeated changes nothing
 * and is confirmed again. No column of an index changes, but for runs with a time to live. Locks: the started rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param held - the runs to start
 * @returns the statement; its rows are the ids of the runs that may execute
 */
export function startRuns(environmentId: string, hostId: string, held: readonly Claim[]): Statement {
  return {
    name: "runs_start",
    text: `
      update live_run l
      set state = 'executing',
          attempt = l.attempt + (l.state = 'claimed')::int,
          attempt_started_at = case when l.state = 'claimed' then now() else l.attempt_started_at end,
          started_at = coalesce(l.started_at, now()),
          expires_at = null
      from ${claims}
      where ${heldBy} and l.state in ('claimed', 'executing')
      returning l.run_id`,
    values: claimValues(environmentId, hostId, held),
  };
}
