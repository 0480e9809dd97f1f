import { inlinePacketLength } from "@pawl/contract/packet";
import type { ClaimedRun, ClaimRequest, NewRun } from "../../engine/ports.ts";
import type { Rows, Statement } from "../db.ts";
import { calmLanes, headOf, walkLanes } from "./claim-lanes.ts";
import { requestValues } from "./claim-plain.ts";
import { awaitedBatches, storeInput, valuesOf } from "./insert.ts";
import { wakeLanesOf } from "./lane-wake.ts";
import { nextOpening, scopeOf } from "./lanes.ts";

/**
 * Makes plain runs and claims the first of them for a host, where no run that is queued could come before them and nothing but the
 * environment's limit holds them back: they are never queued. Else all of them are queued, as `insertRuns` does it, and a claim has to
 * follow. Comes after `lockEnvironment` in one transaction. A key or place that is taken fails the whole statement. Locks: the keys it
 * inserts.
 *
 * @param runs - runs of one environment, for each of which `isPlain` holds
 * @param request - how many of them to claim, and for which host
 * @returns the statement; its rows are the claimed runs, for {@link madeRun}, or one without a run; each with `is_plain`, `has_more` and
 *   `is_full` as those of `claimPlainRuns`, and with what the rows of `insertRuns` have
 */
export function insertClaimedRuns(runs: readonly NewRun[], request: ClaimRequest): Statement {
  return {
    name: "runs_insert_claimed",
    text: `
      with ${scopeOf("$6")}, ${walkLanes(`${calmLanes + 1}`)},
      input as materialized (
        select $1::uuid as environment_id, i.*, t.queue_name, coalesce(i.max_attempts, (t.retry ->> 'maxAttempts')::smallint, 3) as attempts,
               t.ttl_s, t.max_duration_s, row_number() over (order by t.queue_name is null, i.place) as turn
        from rows from (unnest($9::uuid[]), unnest($10::text[]), unnest($11::text[]), unnest($12::text[]), unnest($13::smallint[]),
                        unnest($14::text[]), unnest($15::boolean[]), unnest($16::text[]), unnest($17::text[]), unnest($18::uuid[]),
                        unnest($19::int[])) with ordinality
          as i(id, task_id, payload, payload_type, max_attempts, trace_id, is_test, tags, request_key, batch_id, batch_index, place)
        left join version v on v.environment_id = $1::uuid and v.is_current
        left join task t on t.environment_id = $1::uuid and t.version_id = v.id and t.id = i.task_id
      ),
      ${awaitedBatches("$20", "$21")},
      opening as materialized (
        select ${nextOpening("(select opens_from from scope)")} as opens_at
      ),
      verdict as materialized (
        select not coalesce(s.is_old, true) and not s.is_paused and s.current_version_id = any ($3::uuid[])
          and not coalesce((select opens_at <= statement_timestamp() from opening), false)
          and not exists (
            select from lane_wake w where w.environment_id = $1::uuid and w.at >= s.woken_from
          )
          and not exists (
            select from live_run l
            where l.environment_id = $1::uuid and l.booked_at is not null and not l.holds_slot and l.booked_at >= s.resuming_from
          )
          and (select count(*) <= ${calmLanes} from walked)
          and not exists (
            select from walked w cross join lateral ${headOf("w", "1")} h
          )
          and not exists (
            select from (select distinct queue_name from input where queue_name is not null) i
            cross join lateral (
              select q.is_paused, coalesce(q.limit_override, q.concurrency_limit, q.combined_limit) as most,
                     coalesce(q.interval_ms, q.combined_interval_ms) as interval_ms
              from queue q where q.environment_id = $1::uuid and q.name = i.queue_name offset 0
            ) q
            where q.is_paused or q.most is not null or q.interval_ms is not null
          ) as is_plain
        from scope s
      ),
      whole as materialized (
        select s.concurrency_limit - (
          select count(*) from live_run l
          where l.environment_id = $1::uuid and l.holds_slot and l.booked_at >= s.booked_from
        )::int as left_over
        from scope s where (select is_plain from verdict)
      ),
      judged as materialized (
        select j.*, j.state in ('executing', 'claimed') as is_claimed, j.state = 'executing' as is_started
        from (
          select i.*, case
            when i.queue_name is null then 'pending_version'
            when i.turn > coalesce((select least($4::int + $5::int, left_over) from whole), 0) then 'queued'
            when i.turn <= $4::int + $8::int and not $7::boolean then 'executing'
            else 'claimed'
          end as state
          from input i
        ) j
      ),
      ${storeInput},
      live as (
        insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at, expires_at, awaited_batch_id,
                              claimed_order_at, host_id, fence, holds_slot, booked_at, version_id, attempt, attempt_started_at, started_at)
        select $1::uuid, j.id, j.state, j.task_id, coalesce(j.queue_name, 'task/' || j.task_id), j.attempts,
               case when j.state = 'queued' then now() end,
               case when not j.is_started then now() + nullif(j.ttl_s, 0) * interval '1 second' end,
               case when j.batch_id = any ((select batch_ids from awaited)::uuid[]) then j.batch_id end,
               case when j.is_claimed then now() end, case when j.is_claimed then $2::uuid end, j.is_claimed::int, j.is_claimed,
               case when j.is_claimed then greatest(statement_timestamp(), (select booked_from from scope)) end,
               case when j.is_claimed then (select current_version_id from scope) end, j.is_started::int,
               case when j.is_started then statement_timestamp() end, case when j.is_started then statement_timestamp() end
        from judged j
      ),
      queued as (
        select environment_id, queue_name, '' as concurrency_key, null::uuid as version_id, now() as order_at
        from judged where state = 'queued'
      ),
      woken as (${wakeLanesOf("queued")}
      ),
      flags as materialized (
        select $1::uuid as environment_id, bool_or(state = 'pending_version') as is_pending,
               min(nullif(ttl_s, 0)) filter (where not is_started) * 1000 as next_due_in_ms,
               coalesce((select is_plain from verdict), false) as is_plain,
               count(*) filter (where state = 'queued') > 0 as has_more,
               coalesce(count(*) filter (where state = 'queued') > 0 and (select left_over < $4::int + $5::int from whole), false) as is_full,
               (select env_vars_version from scope) as env_vars_version,
               (select extract(epoch from opens_at - statement_timestamp())::float8 * 1000 from opening) as opens_in_ms
        from judged
      )
      select f.*, j.id as run_id, j.state, j.queue_name, j.attempts, j.max_duration_s, now() as created_at,
             (select current_version_id from scope) as version_id
      from flags f left join judged j on j.is_claimed
      order by j.turn`,
    values: [...requestValues(request), ...valuesOf(runs)],
  };
}

/**
 * Makes the claimed run of a row of {@link insertClaimedRuns}.
 *
 * @param runs - the runs that were to be made, by their ids
 * @param row - the row, with a run
 * @returns the run as a claim would bring it
 */
export function madeRun(runs: ReadonlyMap<string, NewRun>, row: Rows[number]): ClaimedRun {
  const run = runs.get(String(row.run_id));
  if (run === undefined) throw new Error("unreachable: the rows are of these runs");
  const isPayloadStored = run.payload !== null && Buffer.byteLength(run.payload) > inlinePacketLength;
  return {
    runId: run.id,
    isAwaited: false,
    fence: 1,
    attempt: 1,
    isStarted: row.state === "executing",
    taskId: run.taskId,
    // The casts state the column types.
    versionId: row.version_id as string,
    queueName: row.queue_name as string,
    payload: isPayloadStored ? null : run.payload,
    isPayloadStored,
    payloadType: run.payloadType,
    maxAttempts: row.attempts as number,
    createdAt: row.created_at as Date,
    isTest: run.isTest,
    tags: run.tags,
    traceId: run.traceId,
    concurrencyKey: "",
    maxDurationS: row.max_duration_s as number | null,
    isReplay: false,
    parentRunId: null,
    rootRunId: null,
    batchId: run.batchId,
    idempotencyKey: null,
    idempotencyKeyScope: null,
    priorityS: 0,
    machine: null,
    metadata: null,
    isRecovery: false,
    hook: null,
  };
}
