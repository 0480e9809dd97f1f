import type { Claim } from "../../engine/ports.ts";
import type { Statement } from "../db.ts";
import { claimValues, heldBy } from "./held-by.ts";

// A run that did not start goes back to where it stood. One that was started by its claim gets its attempt back: nothing of it
// was executed. A run that never started forgets the version it was claimed for.
const backToQueue = `
  state = 'queued', order_at = coalesce(l.claimed_order_at, now()), claimed_order_at = null, host_id = null,
  attempt_started_at = null,
  attempt = l.attempt - (l.state = 'executing')::int,
  started_at = case when l.attempt - (l.state = 'executing')::int > 0 then l.started_at end,
  version_id = case when l.attempt - (l.state = 'executing')::int > 0 then l.version_id end`;

/**
 * Queues runs again that their host could not start. Locks: the rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param claims - the runs
 * @returns the statement; its rows are the ids of the runs that are queued again
 */
export function giveBackRuns(environmentId: string, hostId: string, claims: readonly Claim[]): Statement {
  return {
    name: "runs_give_back",
    text: `
      update live_run l
      set ${backToQueue}
      where ${heldBy} and l.state in ('claimed', 'executing')
      returning l.run_id`,
    values: claimValues(environmentId, hostId, claims),
  };
}

/**
 * Queues runs again that a host should hold and, by its own word after a reconnect, does not: they never reached it. Locks:
 * the rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that reconnected
 * @param held - everything that the host holds, results that were not acknowledged included
 * @returns the statement; its rows are the ids of the runs that are queued again
 */
export function reconcileHost(environmentId: string, hostId: string, held: readonly Claim[]): Statement {
  return {
    name: "runs_reconcile",
    text: `
      update live_run l
      set ${backToQueue}
      where l.environment_id = $1::uuid and l.host_id = $2::uuid and l.state in ('claimed', 'executing')
        and l.fence is distinct from ($4::int[])[array_position($3::uuid[], l.run_id)]
      returning l.run_id`,
    values: claimValues(environmentId, hostId, held),
  };
}

/**
 * Reads which of the runs that a host holds are still its own. Takes no lock.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host
 * @param held - everything that the host holds
 * @returns the statement; its rows are the ids of the runs whose claim is valid
 */
export function findHeld(environmentId: string, hostId: string, held: readonly Claim[]): Statement {
  return {
    name: "runs_find_held",
    text: `
      select l.run_id from live_run l where ${heldBy}`,
    values: claimValues(environmentId, hostId, held),
  };
}
