import type { Claim } from "../../engine/ports.ts";
import type { Database, Statement } from "../db.ts";
import { completeAwaited } from "./completions.ts";
import { transactionAgain } from "./contended.ts";
import { backToQueue, wakeLanesOfBack } from "./give-back.ts";
import { claims, claimValues, heldBy } from "./held-by.ts";
import { promotePendingRuns } from "./promote.ts";
import { lossErrors, recoverLost } from "./recover.ts";

/** A row of `live_run l` that host $2 should hold and is not among its claims ($3 run ids, $4 fences). */
const missing = `
  l.environment_id = $1::uuid and l.host_id = $2::uuid
  and l.fence is distinct from ($4::int[])[array_position($3::uuid[], l.run_id)]`;

/**
 * Brings the store in line with what a host says that it holds, after a reconnect.
 *
 * @param db - the database
 * @param environmentId - the environment of the host
 * @param hostId - the host
 * @param held - everything that it holds, results that were not acknowledged included
 * @returns the claims that it holds wrongly
 */
export async function reconcile(
  db: Database,
  environmentId: string,
  hostId: string,
  held: readonly Claim[],
): Promise<readonly Claim[]> {
  const results = await transactionAgain(db, [
    lockMissing(environmentId, hostId, held),
    reconcileUnstarted(environmentId, hostId, held),
    reconcileLost(environmentId, hostId, held),
    ...completeAwaited(environmentId),
    findHeld(environmentId, hostId, held),
  ]);
  if (results[1]?.some((row) => row.state === "pending_version"))
    await transactionAgain(db, promotePendingRuns(environmentId));
  const validIds = new Set(results.at(-1)?.map((row) => row.run_id));
  return held.filter((claim) => !validIds.has(claim.runId));
}

/** Locks: the rows, by id. */
function lockMissing(environmentId: string, hostId: string, held: readonly Claim[]): Statement {
  return {
    name: "runs_lock_missing",
    text: `
      select l.run_id from live_run l where ${missing} order by l.run_id for update`,
    values: claimValues(environmentId, hostId, held),
  };
}

/** Queues runs again that never reached the host. Locks: the rows. */
function reconcileUnstarted(environmentId: string, hostId: string, held: readonly Claim[]): Statement {
  return {
    name: "runs_reconcile",
    text: `
      with back as (
        update live_run l
        set ${backToQueue}
        where ${missing} and l.state in ('claimed', 'executing')
        returning l.*
      ),
      ${wakeLanesOfBack}
      select run_id, state from back`,
    values: claimValues(environmentId, hostId, held),
  };
}

/** Recovers runs that waited there and no longer do, and ends those that were being cancelled. Locks: the rows by id, then their run rows. */
function reconcileLost(environmentId: string, hostId: string, held: readonly Claim[]): Statement {
  return {
    name: "runs_reconcile_lost",
    text: `
      with lost as materialized (
        select l.*, true as is_blameless
        from live_run l
        where ${missing} and l.state in ('waiting', 'resuming', 'cancelling')
        order by l.run_id
        for update
      ),
      ${recoverLost(5)}`,
    values: [...claimValues(environmentId, hostId, held), ...lossErrors],
  };
}

/**
 * Reads which of the runs that a host holds are still its own. Takes no lock.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host
 * @param held - the claims that it holds
 * @returns the statement; its rows are the ids of those that are
 */
export function findHeld(environmentId: string, hostId: string, held: readonly Claim[]): Statement {
  return {
    name: "runs_find_held",
    text: `
      select l.run_id from ${claims} join live_run l on ${heldBy}`,
    values: claimValues(environmentId, hostId, held),
  };
}
