import type { Completion } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";

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
        using unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::float8[])
          as i(run_id, fence, output, output_type, duration_ms)
        where l.environment_id = $1::uuid and l.run_id = i.run_id and l.fence = i.fence and l.host_id = $2::uuid
          and l.state in ('executing', 'cancelling')
        returning l.run_id, l.attempt, l.version_id, l.started_at, l.duration_ms + i.duration_ms as duration_ms, i.output,
                  i.output_type
      )
      update run r
      set outcome = 'completed', finished_at = now(), version_id = g.version_id, attempt_count = g.attempt,
          started_at = g.started_at, duration_ms = g.duration_ms, output = g.output, output_type = g.output_type
      from gone g
      where r.environment_id = $1::uuid and r.id = g.run_id
      returning r.id as run_id`,
    values: [
      environmentId,
      hostId,
      plainArray(completions.map((completion) => completion.runId)),
      plainArray(completions.map((completion) => completion.fence)),
      textArray(completions.map((completion) => completion.output)),
      textArray(completions.map((completion) => completion.outputType)),
      plainArray(completions.map((completion) => completion.durationMs)),
    ],
  };
}
