import { inlinePacketLength, type PacketType } from "@pawl/contract/packet";
import type { ClaimedRun } from "../../engine/ports.ts";
import { keysOf } from "../by-key.ts";
import type { Rows } from "../db.ts";
import { hookedRun } from "./hooked-run.ts";

/** What every claimed row of `live_run l` gets, for the host $2. */
const taken = `
  claimed_order_at = l.order_at, order_at = null, keeps_place = false, host_id = $2::uuid, fence = l.fence + 1, holds_slot = true,
  booked_at = greatest(statement_timestamp(), (select booked_from from scope)),
  version_id = coalesce(l.version_id, (select current_version_id from scope))`;

const columns = `
  l.run_id, l.fence, l.attempt, l.state, l.task_id, l.version_id, l.queue_name, l.concurrency_key, l.max_attempts,
  l.claimed_order_at, l.is_recovering, l.is_awaited`;

/**
 * The common table expressions that claim runs; the last, `claimed`, has their rows. Comes after `scope` and `chosen`, of one row
 * with the ids `direct` of runs to start and `ahead` of those to hold. Each is found by its key alone, in the order of the ids. One
 * that was locked and has gone meanwhile is left out.
 *
 * @param isLimited - whether a row of `live_run l` is under a limit of its queue
 * @returns the SQL
 */
export function takeChosen(isLimited: string): string {
  return `
  started as (
    update live_run l
    set state = 'executing', attempt = l.attempt + 1, attempt_started_at = statement_timestamp(),
        started_at = coalesce(l.started_at, statement_timestamp()),
        expires_at = null, is_limited = ${isLimited}, ${taken}
    from ${keysOf("(select direct from chosen)::uuid[]")} k
    where l.environment_id = k.environment_id and l.run_id = k.id and l.state = 'queued'
    returning ${columns}
  ),
  held as (
    update live_run l set state = 'claimed', attempt_started_at = null, is_limited = ${isLimited}, ${taken}
    from ${keysOf("(select ahead from chosen)::uuid[]")} k
    where l.environment_id = k.environment_id and l.run_id = k.id and l.state = 'queued'
    returning ${columns}
  ),
  claimed as materialized (
    select * from started union all select * from held
  )`;
}

/**
 * Reads the runs of `claimed`, those that stood first in front, with what their execution needs; one row of nulls where there
 * are none.
 *
 * @param flags - a common table expression of one row, whose columns are added to each
 * @returns the SQL of the statement's own query
 */
export function selectClaimed(flags: string): string {
  return `
  select f.*, c.*
  from ${flags} f
  left join (
    select c.*, case when octet_length(r.payload) <= ${inlinePacketLength} then r.payload end as payload,
           coalesce(octet_length(r.payload) > ${inlinePacketLength}, false) as is_payload_stored,
           r.payload_type, r.created_at, r.is_test, r.tags, r.trace_id, r.parent_run_id, r.root_run_id, r.batch_id, r.priority_s,
           r.machine, coalesce(r.idempotency_key_source, r.idempotency_key) as idempotency_key, r.idempotency_key_scope,
           coalesce(r.max_duration_s, (
             select t.max_duration_s from task t
             where t.environment_id = $1::uuid and t.version_id = c.version_id and t.id = c.task_id
           )) as max_duration_s,
           r.replay_of is not null as is_replay, r.hook,
           (select m.data from run_metadata m where m.environment_id = $1::uuid and m.run_id = c.run_id) as metadata
    from claimed c
    cross join lateral (select * from run where environment_id = $1::uuid and id = c.run_id offset 0) r
  ) c on true
  order by c.claimed_order_at, c.run_id`;
}

/**
 * Reads a row of {@link selectClaimed}.
 *
 * @param row - the row, with a run
 * @returns the claimed run
 */
export function claimedRun(row: Rows[number]): ClaimedRun {
  // The casts state the column types.
  const isStarted = row.state === "executing";
  const run: ClaimedRun = {
    runId: row.run_id as string,
    isAwaited: row.is_awaited as boolean,
    fence: row.fence as number,
    attempt: (row.attempt as number) + (isStarted ? 0 : 1),
    isStarted,
    taskId: row.task_id as string,
    versionId: row.version_id as string,
    queueName: row.queue_name as string,
    payload: row.payload as string | null,
    isPayloadStored: row.is_payload_stored as boolean,
    payloadType: row.payload_type as PacketType,
    maxAttempts: row.max_attempts as number,
    createdAt: row.created_at as Date,
    isTest: row.is_test as boolean,
    tags: (row.tags as string[] | null) ?? [],
    traceId: row.trace_id as string,
    concurrencyKey: row.concurrency_key as string,
    maxDurationS: row.max_duration_s as number | null,
    isReplay: row.is_replay as boolean,
    parentRunId: row.parent_run_id as string | null,
    rootRunId: row.root_run_id as string | null,
    batchId: row.batch_id as string | null,
    idempotencyKey: row.idempotency_key as string | null,
    idempotencyKeyScope: row.idempotency_key_scope as ClaimedRun["idempotencyKeyScope"],
    priorityS: row.priority_s as number,
    machine: row.machine as string | null,
    metadata: row.metadata as string | null,
    isRecovery: row.is_recovering as boolean,
    hook: null,
  };
  return typeof row.hook === "string" ? hookedRun(run, row.hook) : run;
}
