import type { CancelOutcome, Claim, HeldClaim } from "../../engine/ports.ts";
import { keysOf, lockById } from "../by-key.ts";
import { type Database, plainArray, type Rows, type Statement } from "../db.ts";
import { completeAwaited } from "./completions.ts";
import { transactionAgain } from "./contended.ts";
import { hasHooks } from "./end-hooks.ts";
import { cancelled, finishEnded, noteAwaitedOf, noteClosingOf } from "./finish.ts";
import { claims, claimValues, heldBy } from "./held-by.ts";
import { wakeFreedLanesOf } from "./lane-wake.ts";

/**
 * Cancels runs. One that has no process ends at once; one that executes or waits in a process becomes `cancelling`, keeps the
 * slot that it holds and takes none, until its host has ended it. A run that was finished stays as it is.
 *
 * @param db - the database
 * @param environmentId - the environment of the runs
 * @param runIds - the runs
 * @param runsHooks - whether `onCancel` is called for those that end at once, by a run of its own
 * @returns what became of each
 */
export async function cancel(
  db: Database,
  environmentId: string,
  runIds: readonly string[],
  runsHooks: boolean,
): Promise<CancelOutcome> {
  const [, changed = [], , , , ended = []] = await transactionAgain(db, [
    lockRuns(environmentId, runIds),
    cancelRuns(environmentId, runIds, runsHooks),
    ...completeAwaited(environmentId),
    findEnded(environmentId, runIds),
  ]);
  const idsOf = (rows: Rows) => rows.map((row) => String(row.run_id));
  const heldOf = (fate: string) =>
    changed
      .filter((row) => row.fate === fate)
      .map(
        (row): HeldClaim => ({
          environmentId,
          runId: String(row.run_id),
          fence: Number(row.fence),
          hostId: String(row.host_id),
        }),
      );
  const changedIds = new Set(idsOf(changed));
  const before = ended.filter((row) => !changedIds.has(row.run_id as string)); // a uuid column
  const known = new Set([...changedIds, ...idsOf(before)]);
  return {
    finished: idsOf(changed.filter((row) => row.fate === "finished")),
    recalled: heldOf("recalled"),
    cancelling: heldOf("cancelling"),
    already: idsOf(before),
    canceledBefore: idsOf(before.filter((row) => row.outcome === "canceled")),
    hasHooks: changed.some((row) => row.has_hooks === true),
    notFound: runIds.filter((runId) => !known.has(runId)),
  };
}

/**
 * A run that is claimed in the same moment has to be seen as it is then: an update checks its constraints against the row as the
 * statement first saw it. Locks: the live rows, in the order of their ids.
 */
function lockRuns(environmentId: string, runIds: readonly string[]): Statement {
  return {
    name: "runs_lock_cancelled",
    text: lockById({ table: "live_run", column: "run_id", ids: "$2::uuid[]", strength: "for update" }),
    values: [environmentId, plainArray(runIds)],
  };
}

/**
 * Comes after {@link lockRuns}. Locks: the live rows once more, for those that were inserted since, then the run rows of those that
 * end.
 */
function cancelRuns(environmentId: string, runIds: readonly string[], runsHooks: boolean): Statement {
  return {
    name: "runs_cancel",
    text: `
      with locked as materialized (
        select l.* from ${keysOf("$2::uuid[]")} k
        join live_run l on l.environment_id = k.environment_id and l.run_id = k.id
        order by l.run_id
        for update of l
      ),
      asked as (
        update live_run l
        set state = 'cancelling', is_cancel_requested = true, booked_at = case when l.holds_slot then l.booked_at end
        from locked k
        where k.state in ('executing', 'waiting', 'resuming', 'cancelling')
          and l.environment_id = k.environment_id and l.run_id = k.run_id
        returning l.run_id, l.fence, l.host_id
      ),
      unbooked as (
        select * from locked where state = 'resuming'
      ),
      freed_by_asking as (${wakeFreedLanesOf("unbooked")}
      ),
      ended as (
        select *, 'canceled' as outcome, $3 as error, case when $4::boolean then 'onCancel' end as uncalled_hook
        from locked where state in ('pending_version', 'delayed', 'queued', 'claimed')
      ),
      ${finishEnded},
      ${noteClosingOf("ended")},
      ${noteAwaitedOf("ended")}
      select e.run_id, case when e.host_id is null then 'finished' else 'recalled' end as fate, e.fence, e.host_id, ${hasHooks}
      from ended e cross join noted cross join closing
      union all
      select run_id, 'cancelling', fence, host_id, false from asked`,
    values: [environmentId, plainArray(runIds), JSON.stringify(cancelled), runsHooks],
  };
}

/** Reads which runs have ended, in this transaction or before. Takes no lock. */
function findEnded(environmentId: string, runIds: readonly string[]): Statement {
  return {
    name: "runs_find_ended",
    text: `
      select r.id as run_id, r.outcome from ${keysOf("$2::uuid[]")} k
      join run r on r.environment_id = k.environment_id and r.id = k.id
      where r.outcome is not null`,
    values: [environmentId, plainArray(runIds)],
  };
}

/**
 * Ends runs as canceled whose process did not end them in time.
 *
 * @param db - the database
 * @param environmentId - the environment of the runs
 * @param runIds - the runs; others than cancelled ones stay as they are
 */
export async function endCancelling(db: Database, environmentId: string, runIds: readonly string[]): Promise<void> {
  await transactionAgain(db, [
    endCancelled(
      "runs_end_cancelling",
      `${keysOf("$2::uuid[]")} k`,
      "l.environment_id = k.environment_id and l.run_id = k.id",
      "null::text", // its process was asked to
      [environmentId, plainArray(runIds)],
    ),
    ...completeAwaited(environmentId),
  ]);
}

/**
 * Ends runs as canceled that their host gives back: they were cancelled before they had begun. `completeAwaited` has to follow in
 * the transaction. Locks: the live rows in the order of their ids, then the run rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param held - the runs
 * @returns the statement; its rows are the ids of the runs that it ended, and whether a slot under a limit came free
 */
export function endReturned(environmentId: string, hostId: string, held: readonly Claim[]): Statement {
  return endCancelled("runs_end_returned", claims, heldBy, "'onCancel'", claimValues(environmentId, hostId, held));
}

function endCancelled(
  name: string,
  source: string,
  condition: string,
  uncalledHook: string,
  values: readonly unknown[],
): Statement {
  return {
    name,
    text: `
      with ended as materialized (
        select l.*, 'canceled' as outcome, $${values.length + 1} as error, ${uncalledHook} as uncalled_hook
        from ${source} join live_run l on ${condition}
        where l.state = 'cancelling'
        order by l.run_id
        for update of l
      ),
      ${finishEnded},
      ${noteClosingOf("ended")},
      ${noteAwaitedOf("ended")}
      select f.run_id, f.has_freed, ${hasHooks} from finished f cross join noted cross join closing`,
    values: [...values, JSON.stringify(cancelled)],
  };
}
