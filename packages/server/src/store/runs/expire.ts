import type { Statement } from "../db.ts";
import { finishEnded, noteAwaitedOf, noteClosingOf } from "./finish.ts";

/** The most runs that one transaction expires. */
const expireSize = 1_000;

/** A run that may expire: it has never started. */
export const isExpired = `
  l.expires_at <= now() and l.attempt = 0 and l.state in ('pending_version', 'delayed', 'queued', 'claimed')`;

/**
 * Ends runs that were not started within their time to live. Rows that another transaction has are skipped. `completeAwaited` has to
 * follow in the transaction. Locks: the live rows, then their run rows.
 *
 * @param environmentId - the environment
 * @returns the statement; its rows are the runs, with host_id and fence of those that were claimed ahead
 */
export function expireRuns(environmentId: string): Statement {
  return {
    name: "runs_expire",
    text: `
      with locked as materialized (
        select l.* from live_run l
        where l.environment_id is not distinct from $1::uuid and ${isExpired}
        order by l.expires_at limit ${expireSize}
        for update skip locked
      ),
      ended as materialized (
        select k.*, 'expired' as outcome, 'onFailure' as uncalled_hook, json_build_object('type', 'STRING_ERROR', 'raw',
                 'The run expired: it was not started within its time to live of ' || r.ttl_s || case when r.ttl_s = 1 then ' second.' else ' seconds.' end)::text as error
        from locked k
        cross join lateral (select run.ttl_s from run where run.environment_id = $1::uuid and run.id = k.run_id offset 0) r
      ),
      ${finishEnded},
      ${noteClosingOf("ended")},
      ${noteAwaitedOf("ended")}
      select e.run_id, e.host_id, e.fence from ended e cross join noted cross join closing`,
    values: [environmentId],
  };
}
