import type { Completion } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";
import { claimValues, heldBy } from "./held-by.ts";

/**
 * Finishes runs that ended well: each leaves the live runs and gets its outcome. Locks: the live rows, then the run rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param completions - the runs, with their outputs
 * @returns the statement; its rows are the ids of the runs that it finished
 */
export function completeRuns(environmentId: string, hostId: string, completions: readonly Completion[]): Statement {
  return {
    name: "runs_complete",
    text: `
      with gone as (
        delete from live_run l
        where ${heldBy} and l.state in ('executing', 'cancelling')
        returning l.run_id, l.attempt, l.version_id, l.started_at, l.duration_ms, array_position($3::uuid[], l.run_id) as place
      )
      update run r
      set outcome = 'completed', finished_at = now(), version_id = g.version_id, attempt_count = g.attempt,
          started_at = g.started_at, duration_ms = g.duration_ms + ($7::float8[])[g.place],
          output = ($5::text[])[g.place], output_type = ($6::text[])[g.place]
      from gone g
      where r.environment_id = $1::uuid and r.id = g.run_id and r.id = any ($3::uuid[])
      returning r.id as run_id`,
    values: [
      ...claimValues(environmentId, hostId, completions),
      textArray(completions.map((completion) => completion.output)),
      textArray(completions.map((completion) => completion.outputType)),
      plainArray(completions.map((completion) => completion.durationMs)),
    ],
  };
}
