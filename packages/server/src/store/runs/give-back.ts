import type { Claim } from "../../engine/ports.ts";
import type { Statement } from "../db.ts";
import { claimValues, heldBy } from "./held-by.ts";

/**
 * What is set on a row of `live_run l` that did not start: it goes back to where it stood. One that was started by its claim gets
 * its attempt back, since nothing of it was executed. A run that never started forgets the version it was claimed for.
 */
export const backToQueue = `
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
