import { keyed } from "../by-key.ts";
import type { Statement } from "../db.ts";
import { noteCompletedOf } from "../runs/completions.ts";

/** The most waitpoints that one transaction ends. */
const endSize = 1_000;

/**
 * Completes waitpoints whose time has come: waits for a time, and tokens that nobody completed in time. Those that another
 * transaction has are skipped. `resumeWaiters` has to follow in the transaction. Locks: the waitpoints.
 *
 * @param environmentId - the environment
 * @returns the statement
 */
export function endDueWaits(environmentId: string): Statement {
  return {
    name: "waits_end_due",
    text: `
      with due as materialized (
        select id from waitpoint
        where environment_id = $1::uuid and completed_at is null and due_at <= now()
        order by due_at limit ${endSize}
        for no key update skip locked
      ),
      completed as (
        update waitpoint w set completed_at = now(), is_timeout = w.kind = 'token'
        from ${keyed("due")} d
        where w.environment_id = d.environment_id and w.id = d.id
        returning w.id
      )
      ${noteCompletedOf("completed")}`,
    values: [environmentId],
  };
}
