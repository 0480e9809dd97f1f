import type { Claim } from "../../engine/ports.ts";
import type { Awaiting, SuspendOutcome } from "../../engine/wait-ports.ts";
import { lockById } from "../by-key.ts";
import { type Database, plainArray, type Statement, textArray } from "../db.ts";
import { setPatience } from "../runs/completions.ts";
import { transactionAgain } from "../runs/contended.ts";
import { claims, claimValues, heldBy } from "../runs/held-by.ts";
import { withResults } from "../runs/host-orders.ts";
import { wakeFreedLanesOf } from "../runs/lane-wake.ts";

/**
 * Suspends runs until the first of their waits ends, and gives their slots back. The waitpoints are locked before they are looked at:
 * whoever completes one either has committed, and is seen, or comes later, and finds the run waiting.
 *
 * @param db - the database
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param awaiting - the runs with the keys of their waits
 * @returns which of them go on at once, and whether slots came free
 */
export async function suspend(
  db: Database,
  environmentId: string,
  hostId: string,
  awaiting: readonly Awaiting[],
): Promise<SuspendOutcome> {
  if (awaiting.length === 0) return { resumed: [], lost: [], hasFreed: false };
  const [, , rows = []] = await transactionAgain(db, [
    lockWaitpoints(environmentId, awaiting),
    lockAwaiting(environmentId, hostId, awaiting),
    suspendRuns(environmentId, hostId, awaiting),
  ]);
  const fates = new Map(rows.map((row) => [String(row.run_id), row]));
  const claims = awaiting.map(({ runId, fence }) => ({ runId, fence }));
  const isGoingOn = ({ runId }: Claim) => fates.get(runId)?.fate === "goes_on";
  const resumed = await withResults(db, environmentId, hostId, claims.filter(isGoingOn));
  const goOn = new Set(resumed.map((run) => run.runId));
  return {
    resumed,
    lost: claims.filter((claim) => !fates.has(claim.runId) || (isGoingOn(claim) && !goOn.has(claim.runId))),
    hasFreed: rows.some((row) => row.has_freed === true),
  };
}

/** The waits as one row each. */
const named = "unnest($2::uuid[], $3::text[]) as named(run_id, key)";

function namedValues(awaiting: readonly Awaiting[]): readonly unknown[] {
  const waits = awaiting.flatMap(({ runId, waits }) => waits.map((wait) => ({ runId, wait })));
  return [plainArray(waits.map(({ runId }) => runId)), textArray(waits.map(({ wait }) => wait))];
}

/** Locks: the waitpoints that the runs await now or from now on, by id, against being completed. */
function lockWaitpoints(environmentId: string, awaiting: readonly Awaiting[]): Statement {
  return {
    name: "waits_lock_awaited",
    text: `
      with awaited as materialized (
        select w.waitpoint_id from ${named}
        cross join lateral (
          select waitpoint_id from run_wait
          where environment_id = $1::uuid and run_wait.run_id = named.run_id and run_wait.key = named.key offset 0
        ) w
        union all
        select w.waitpoint_id from (select distinct unnest($2::uuid[]) as run_id) awaiting
        cross join lateral (
          select waitpoint_id from run_wait
          where environment_id = $1::uuid and run_wait.run_id = awaiting.run_id and is_awaited offset 0
        ) w
      ),
      locked as materialized (${lockById({
        table: "waitpoint",
        column: "id",
        ids: "array(select waitpoint_id from awaited)",
        strength: "for share",
      })}
      )
      select ${setPatience} from locked having count(*) > 0`,
    values: [environmentId, ...namedValues(awaiting)],
  };
}

/** Locks: the live rows, by id; they are waited for only so long, since who ends such a run may wait for its waitpoint. */
function lockAwaiting(environmentId: string, hostId: string, awaiting: readonly Awaiting[]): Statement {
  return {
    name: "runs_lock_awaiting",
    text: `
      select l.run_id from ${claims} join live_run l on ${heldBy} order by l.run_id for update of l`,
    values: claimValues(environmentId, hostId, awaiting),
  };
}

/**
 * A run of which a wait is over goes on as it is; one that has opened none of the waits, too. A run that waits already, by other code of its,
 * waits for these as well.
 */
function suspendRuns(environmentId: string, hostId: string, awaiting: readonly Awaiting[]): Statement {
  return {
    name: "runs_suspend",
    text: `
      with held as materialized (
        select l.environment_id, l.run_id, l.state, l.queue_name, l.concurrency_key, l.booked_at, l.is_limited
        from ${claims} join live_run l on ${heldBy} where l.state in ('executing', 'waiting', 'resuming')
      ),
      wait as materialized (
        select h.run_id, w.place, w.waitpoint_id, w.is_awaited, n.key is not null as is_named
        from held h
        cross join lateral (
          select run_wait.ctid as place, * from run_wait
          where run_wait.environment_id = $1::uuid and run_wait.run_id = h.run_id offset 0
        ) w
        left join unnest($5::uuid[], $6::text[]) as n(run_id, key) on n.run_id = w.run_id and n.key = w.key
        where n.key is not null or w.is_awaited
      ),
      looked as materialized (
        select w.run_id, w.place, w.is_awaited, w.is_named, p.completed_at is not null as is_over
        from wait w
        cross join lateral (
          select waitpoint.completed_at from waitpoint
          where waitpoint.environment_id = $1::uuid and waitpoint.id = w.waitpoint_id offset 0
        ) p
      ),
      judged as materialized (
        select h.*,
               case
                 when h.state = 'executing' and bool_or(l.is_named and not l.is_over) and not bool_or(l.is_named and l.is_over) then 'waits'
                 when h.state = 'executing' then 'goes_on'
                 when h.state = 'waiting' and bool_or(l.is_over) then 'resumes'
                 else 'stays'
               end as fate
        from held h left join looked l on l.run_id = h.run_id
        group by h.environment_id, h.run_id, h.state, h.queue_name, h.concurrency_key, h.booked_at, h.is_limited
      ),
      marked as (
        update run_wait w set is_awaited = l.is_named
        from looked l join held h on h.run_id = l.run_id
        where w.ctid = l.place
          and l.is_awaited <> l.is_named and (l.is_named or h.state = 'executing')
      ),
      moved as (
        update live_run l
        set state = case j.fate when 'waits' then 'waiting' else 'resuming' end, holds_slot = false,
            booked_at = case j.fate when 'resumes' then clock_timestamp() end
        from judged j
        where j.fate in ('waits', 'resumes')
          and l.environment_id = j.environment_id and l.run_id = j.run_id
      ),
      suspended as (
        select * from judged where fate = 'waits'
      ),
      freed as (${wakeFreedLanesOf("suspended")}
      )
      select run_id, fate, fate = 'resumes' or fate = 'waits' and is_limited as has_freed from judged`,
    values: [...claimValues(environmentId, hostId, awaiting), ...namedValues(awaiting)],
  };
}
