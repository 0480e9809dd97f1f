import type { ClaimRequest, NewRun } from "../../engine/ports.ts";
import type { Statement } from "../db.ts";
import { requestValues } from "./claim-plain.ts";
import { awaitedBatches, batchesOf, storeInput, taskOf, valuesOf } from "./insert.ts";
import { wakeLanesOf } from "./lane-wake.ts";
import { scopeOf } from "./lanes.ts";
import { holdOf, judgeNew, takeNew, takenClaim, takenColumns, takenValues } from "./take-new.ts";

/**
 * Makes plain runs and claims the first of them for a host, where no run that is queued could come before them and nothing but the
 * environment's limit holds them back: they are never queued. Else all of them are queued, as `insertRuns` does it, and a claim has to
 * follow. Comes after `lockEnvironment` in one transaction. A key or place that is taken fails the whole statement. Locks: the keys it
 * inserts.
 *
 * @param runs - runs of one environment, for each of which `isPlain` holds
 * @param request - how many of them to claim, and for which host
 * @returns the statement; its row is for `claimOfNew`, with what the rows of `insertRuns` have
 */
export function insertClaimedRuns(runs: readonly NewRun[], request: ClaimRequest): Statement {
  const areInBatches = runs.some((run) => run.batchId !== null);
  return {
    name: areInBatches ? "runs_insert_claimed_in_batches" : "runs_insert_claimed",
    text: `
      with ${scopeOf("$6")},
      input as materialized (
        select $1::uuid as environment_id, i.*, t.queue_name, coalesce(i.max_attempts, t.max_attempts, 3) as attempts,
               t.ttl_s, t.max_duration_s, q.is_held_back
        from rows from (unnest($9::uuid[]), unnest($10::text[]), unnest($11::text[]), unnest($12::text[]), unnest($13::smallint[]),
                        unnest($14::text[]), unnest($15::boolean[]), unnest($16::text[]), unnest($17::text[]), unnest($18::uuid[]),
                        unnest($19::int[])) with ordinality
          as i(id, task_id, payload, payload_type, max_attempts, trace_id, is_test, tags, request_key, batch_id, batch_index, place)
        left join version v on v.environment_id = $1::uuid and v.is_current
        left join lateral ${taskOf("$1::uuid", "v.id", "i.task_id")} t on true
        left join lateral ${holdOf("t.queue_name")} q on true
      ),${areInBatches ? `${awaitedBatches("$20", "$21")},` : ""}${judgeNew("input")},
      judged as materialized (${takeNew("input", "case when i.queue_name is null then 'pending_version' end", "i.place")}
      ),${storeInput(areInBatches)},
      live as (
        insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at, expires_at, awaited_batch_id,
                              version_id, ${takenColumns})
        select $1::uuid, j.id, j.state, j.task_id, coalesce(j.queue_name, 'task/' || j.task_id), j.attempts,
               case when j.state = 'queued' then now() end,
               case when not j.is_started then now() + nullif(j.ttl_s, 0) * interval '1 second' end,
               ${areInBatches ? "case when j.batch_id = any ((select batch_ids from awaited)::uuid[]) then j.batch_id end" : "null"},
               case when j.is_claimed then (select current_version_id from scope) end, ${takenValues("j", "now()")}
        from judged j
      ),
      queued as (
        select environment_id, queue_name, '' as concurrency_key, null::uuid as version_id, now() as order_at
        from judged where state = 'queued'
      ),
      woken as (${wakeLanesOf("queued")}
      )
      select $1::uuid as environment_id, bool_or(state = 'pending_version') as is_pending,
             min(nullif(ttl_s, 0)) filter (where not is_started) * 1000 as next_due_in_ms, ${takenClaim(", 'maxDurationS', max_duration_s")}
      from judged`,
    values: [...requestValues(request), ...valuesOf(runs), ...(areInBatches ? batchesOf(runs) : [])],
  };
}
