import { keyed, lockById } from "../by-key.ts";
import type { Database, Statement } from "../db.ts";
import { lockEnvironment } from "./claim.ts";
import { completeAwaited } from "./completions.ts";
import { transactionAgain } from "./contended.ts";
import { lossErrors, recoverLost } from "./recover.ts";

/** The most hosts that one transaction takes from. */
const rescueSize = 100;

/**
 * Takes everything from hosts whose lease has run out, environment by environment.
 *
 * @param db - the database
 * @returns the environments in which runs are queued again, can go on or gave their slots back, and how many runs were taken
 */
export async function rescue(
  db: Database,
): Promise<{ readonly environmentIds: readonly string[]; readonly rescued: number }> {
  const environments = await db.query({
    name: "hosts_find_lost",
    text: "select distinct environment_id from host where lease_expires_at < now()",
    values: [],
  });
  const environmentIds: string[] = [];
  let rescued = 0;
  for (const { environment_id } of environments) {
    const environmentId = String(environment_id);
    // A claim for one of these hosts that is under way has to commit, or see that the host is gone.
    const [, , , taken = [], , , resumed = []] = await transactionAgain(db, [
      lockEnvironment(environmentId),
      lockLostHosts(environmentId),
      lockHeldRuns(environmentId),
      rescueRuns(environmentId),
      ...completeAwaited(environmentId),
    ]);
    rescued += taken.length;
    if (taken.length + resumed.length > 0) environmentIds.push(environmentId);
  }
  return { environmentIds, rescued };
}

/** Locks hosts whose lease has run out; a host that another server rescues is skipped. */
function lockLostHosts(environmentId: string): Statement {
  return {
    name: "hosts_lock_lost",
    text: `
      select id from host where environment_id = $1::uuid and lease_expires_at < now()
      order by id limit ${rescueSize} for update skip locked`,
    values: [environmentId],
  };
}

/**
 * Locks what those hosts hold in a statement of its own, so that the next one finds nothing that has changed under it. Locks: the live
 * rows, in the order of their ids.
 */
function lockHeldRuns(environmentId: string): Statement {
  return {
    name: "runs_lock_held",
    text: `
      with held as materialized (
        select l.run_id from host h
        cross join lateral (
          select run_id from live_run where environment_id = $1::uuid and host_id = h.id offset 0
        ) l
        where h.environment_id = $1::uuid and h.lease_expires_at < now()
      )
      ${lockById({ table: "live_run", column: "run_id", ids: "array(select run_id from held)", strength: "for update" })}`,
    values: [environmentId],
  };
}

/**
 * Takes everything from the hosts that {@link lockLostHosts} locked, in the same transaction. Locks: the live rows in the order of their
 * ids, then the run rows.
 *
 * @param environmentId - the environment
 * @returns the statement; its rows are the runs, with their state null for finished ones
 */
export function rescueRuns(environmentId: string): Statement {
  return {
    name: "runs_rescue",
    text: `
      with lost_host as materialized (
        select id from host where environment_id = $1::uuid and lease_expires_at < now()
        order by id limit ${rescueSize} for update skip locked
      ),
      held as materialized (
        select l.run_id from lost_host h
        cross join lateral (
          select run_id from live_run where environment_id = $1::uuid and host_id = h.id offset 0
        ) l
      ),
      lost as materialized (
        select l.*, false as is_blameless
        from ${keyed("held")} h
        join live_run l on l.environment_id = h.environment_id and l.run_id = h.run_id
        where l.host_id in (select id from lost_host)
        order by l.run_id
        for update of l
      ),
      forgotten as (delete from host where id = any (array(select id from lost_host))),
      ${recoverLost(2)}`,
    values: [environmentId, ...lossErrors],
  };
}
