import type { Completion } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";
import { cancelled, noteAwaitedOf } from "./finish.ts";
import { claims, claimValues, heldBy } from "./held-by.ts";
import { wakeFreedLanesOf } from "./lane-wake.ts";

/**
 * Finishes runs that ended well: each leaves the live runs and gets its outcome. One that somebody cancelled meanwhile ends as
 * canceled. A run may end while it waits, by code beside the wait. `completeAwaited` has to follow in the transaction.
 * The first and the last id leave out the partitions of other weeks before any is opened; an array of ids does not.
 * Locks: the live rows, in the order of their ids, then the run rows.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param completions - the runs, with their outputs
 * @returns the statement; its rows are the ids of the runs that it finished, and whether a slot under a limit came free
 */
export function completeRuns(environmentId: string, hostId: string, completions: readonly Completion[]): Statement {
  const inOrder = [...completions].sort((one, other) => (one.runId < other.runId ? -1 : 1));
  return {
    name: "runs_complete",
    text: `
      with gone as (
        delete from live_run l
        using ${claims}
        where ${heldBy} and l.state in ('executing', 'waiting', 'resuming', 'cancelling')
        returning l.environment_id, l.run_id, l.task_id, l.state, l.queue_name, l.concurrency_key, l.booked_at, l.is_limited,
                  l.is_awaited, l.awaited_batch_id, l.attempt, l.version_id, l.started_at, l.attempt_started_at, l.duration_ms,
                  ($5::text[])[c.place] as output, ($6::text[])[c.place] as output_type, ($7::float8[])[c.place] as took_ms
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
      ${noteAwaitedOf("gone")}
      update run r
      set outcome = case when g.state = 'cancelling' then 'canceled' else 'completed' end,
          finished_at = now(), version_id = g.version_id, attempt_count = g.attempt,
          started_at = g.started_at, duration_ms = g.duration_ms + g.took_ms,
          output = case when g.state <> 'cancelling' then g.output end,
          output_type = case when g.state <> 'cancelling' then g.output_type end,
          error = case when g.state = 'cancelling' then $8 end
      from gone g
      where r.environment_id = g.environment_id and r.id = g.run_id and r.id between $9::uuid and $10::uuid
      returning r.id as run_id, g.booked_at is not null and g.is_limited as has_freed, (select true from noted) as is_noted`,
    values: [
      ...claimValues(environmentId, hostId, inOrder),
      textArray(inOrder.map((completion) => completion.output)),
      textArray(inOrder.map((completion) => completion.outputType)),
      plainArray(inOrder.map((completion) => completion.durationMs)),
      JSON.stringify(cancelled),
      inOrder[0]?.runId,
      inOrder.at(-1)?.runId,
    ],
  };
}
