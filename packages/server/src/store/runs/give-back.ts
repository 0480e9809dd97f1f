import type { Claim } from "../../engine/ports.ts";
import type { Statement } from "../db.ts";
import { backInLine } from "./back-in-line.ts";
import { claims, claimValues, heldBy } from "./held-by.ts";
import { isOrdered, wakeFreedLanesOf, wakeLanesOf } from "./lane-wake.ts";

/** Whether a row of `live_run l` that goes back without having been executed has never been. */
const isUntouched = "l.attempt - (l.state = 'executing')::int = 0 and not l.is_recovering";

/**
 * What is set on a row of `live_run l` that did not start: it goes back to where it stood. One that was started by its claim gets
 * its attempt back, since nothing of it was executed. A run that never started forgets the version it was claimed for, unless its
 * trigger named one, and expires when it would have.
 */
export const backToQueue = `
  ${backInLine(isUntouched)}, host_id = null, holds_slot = false, booked_at = null, attempt_started_at = null,
  attempt = l.attempt - (l.state = 'executing')::int,
  started_at = case when l.attempt - (l.state = 'executing')::int > 0 then l.started_at end,
  keeps_place = not (${isUntouched}) and ${isOrdered("l")},
  expires_at = case when l.state = 'executing' and ${isUntouched} then (
    select coalesce(r.delay_until, r.created_at) + nullif(r.ttl_s, 0) * interval '1 second'
    from run r where r.environment_id = l.environment_id and r.id = l.run_id
  ) else l.expires_at end`;

/**
 * The common table expressions that tell the lanes of runs that went back, which stand in `back` with the columns of `live_run`.
 * Each held a slot.
 */
export const wakeLanesOfBack = `
  woken as (${wakeLanesOf("back")}
  ),
  slot as (
    select environment_id, queue_name, concurrency_key, now() as booked_at, is_limited from back
  ),
  freed as (${wakeFreedLanesOf("slot")}
  )`;

/**
 * Queues runs again that their host could not start. Locks: the rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param held - the runs
 * @returns the statement; its rows are the ids of the runs that are back, their states, and whether a slot under a limit came free
 */
export function giveBackRuns(environmentId: string, hostId: string, held: readonly Claim[]): Statement {
  return {
    name: "runs_give_back",
    text: `
      with back as (
        update live_run l
        set ${backToQueue}
        from ${claims}
        where ${heldBy} and l.state in ('claimed', 'executing')
        returning l.*
      ),
      ${wakeLanesOfBack}
      select run_id, state, is_limited as has_freed from back`,
    values: claimValues(environmentId, hostId, held),
  };
}
