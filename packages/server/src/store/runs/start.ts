import type { Claim } from "../../engine/ports.ts";
import { plainArray, type Statement } from "../db.ts";

/**
 * Starts runs that a host holds ahead: each uses an attempt. A start that is repeated changes nothing and is confirmed again.
 * Only columns outside of every index change. Locks: the started rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param claims - the runs to start
 * @returns the statement; its rows are the ids of the runs that may execute
 */
export function startRuns(environmentId: string, hostId: string, claims: readonly Claim[]): Statement {
  return {
    name: "runs_start",
    text: `
      with input as (select * from unnest($3::uuid[], $4::int[]) as i(run_id, fence)),
      started as (
        update live_run l
        set state = 'executing', attempt = l.attempt + 1, attempt_started_at = now(), started_at = coalesce(l.started_at, now())
        from input i
        where l.environment_id = $1::uuid and l.run_id = i.run_id and l.fence = i.fence and l.host_id = $2::uuid
          and l.state = 'claimed'
        returning l.run_id
      )
      select run_id from started
      union all
      select l.run_id from input i join live_run l on l.environment_id = $1::uuid and l.run_id = i.run_id
      where l.fence = i.fence and l.host_id = $2::uuid and l.state = 'executing'`,
    values: [
      environmentId,
      hostId,
      plainArray(claims.map((claim) => claim.runId)),
      plainArray(claims.map((claim) => claim.fence)),
    ],
  };
}
