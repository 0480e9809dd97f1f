import type { Claim } from "../../engine/ports.ts";
import type { Statement } from "../db.ts";
import { claims, claimValues, heldBy } from "./held-by.ts";
import { lossErrors, recoverLost } from "./recover.ts";

/**
 * Queues runs again that waited in a process that died, to be recovered: it was not their doing, and they have used no attempt. That holds
 * for one whose wait ended meanwhile, too. `completeAwaited` has to follow in the transaction. Locks: the live rows in the order
 * of their ids, then the run rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param held - the runs
 * @returns the statement; its rows are the runs, with their state null for finished ones
 */
export function orphanRuns(environmentId: string, hostId: string, held: readonly Claim[]): Statement {
  return {
    name: "runs_orphan",
    text: `
      with lost as materialized (
        select l.*, true as is_blameless
        from ${claims} join live_run l on ${heldBy}
        where l.state in ('executing', 'waiting', 'resuming', 'cancelling')
        order by l.run_id
        for update of l
      ),
      ${recoverLost(5)}`,
    values: [...claimValues(environmentId, hostId, held), ...lossErrors],
  };
}
