import type { Completion } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";
import { cancelled, closeWaitsOf, noteAwaitedOf } from "./finish.ts";
import { claimValues, heldBy } from "./held-by.ts";
import { wakeFreedLanesOf } from "./lane-wake.ts";

/**
 * Finishes runs that ended well: each leaves the live runs and gets its outcome. One that somebody cancelled meanwhile ends as
 * canceled. A run may end while it waits, by code beside the wait. `completeAwaited` has to follow in the transaction. Locks: the live
 * rows, then the run rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param completions - the runs, with their outputs
 * @returns the statement; its rows are the ids of the runs that it finished, and whether a slot under a limit came free
 */
export function completeRuns(environmentId: string, hostId: string, completions: readonly Completion[]): Statement {
  return {
    name: "runs_complete",
    text: `
      with gone as (
        delete from live_run l
        where ${heldBy} and l.state in ('executing', 'waiting', 'resuming', 'cancelling')
        returning l.*, array_position($3::uuid[], l.run_id) as place
      ),
      finished as (
        update run r
        set outcome = case when g.state = 'cancelling' then 'canceled' else 'completed' end,
            finished_at = now(), version_id = g.version_id, attempt_count = g.attempt,
            started_at = g.started_at, duration_ms = g.duration_ms + ($7::float8[])[g.place],
            output = case when g.state <> 'cancelling' then ($5::text[])[g.place] end,
            output_type = case when g.state <> 'cancelling' then ($6::text[])[g.place] end,
            error = case when g.state = 'cancelling' then $8 end
        from gone g
        where r.environment_id = $1::uuid and r.id = g.run_id and r.id = any ($3::uuid[])
        returning r.id as run_id, g.booked_at is not null and g.is_limited as has_freed
      ),
      attempted as (
        insert into attempt (environment_id, run_id, number, version_id, started_at, failed_at, error)
        select $1::uuid, run_id, attempt, version_id, attempt_started_at, now(), $8 from gone where state = 'cancelling'
      ),
      listed as (
        insert into run_failure (environment_id, run_id, task_id, outcome)
        select $1::uuid, run_id, task_id, 'canceled' from gone where state = 'cancelling'
      ),
      freed as (${wakeFreedLanesOf("gone")}
      ),
      ${closeWaitsOf("gone")},
      ${noteAwaitedOf("gone")}
      select f.run_id, f.has_freed from finished f cross join noted`,
    values: [
      ...claimValues(environmentId, hostId, completions),
      textArray(completions.map((completion) => completion.output)),
      textArray(completions.map((completion) => completion.outputType)),
      plainArray(completions.map((completion) => completion.durationMs)),
      JSON.stringify(cancelled),
    ],
  };
}
