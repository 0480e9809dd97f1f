import type { Claim } from "../../engine/ports.ts";
import type { Statement } from "../db.ts";
import { backToQueue } from "./give-back.ts";
import { claimValues, heldBy } from "./held-by.ts";

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
