import { inlinePacketLength, type PacketType } from "@pawl/contract/packet";
import type { ClaimedRun, ClaimRequest } from "../../engine/ports.ts";
import { plainArray, type Rows, type Statement } from "../db.ts";

/**
 * Takes the lock that claim, pause and limit changes of an environment share, until the end of the transaction. It is a
 * statement of its own, so that the next one counts with a snapshot that is younger than the lock.
 *
 * @param environmentId - the environment
 * @returns the statement
 */
export function lockEnvironment(environmentId: string): Statement {
  return {
    name: "environment_lock",
    text: "select pg_advisory_xact_lock(hashtextextended($1, 0))",
    values: [environmentId],
  };
}

/**
 * Claims the first queued runs of each queue, oldest first over all queues, under the limits of environment and queues.
 * The first `direct` of them are started by the claim itself. Comes after {@link lockEnvironment} in one transaction;
 * locks: the claimed rows. Slots are counted from the held rows: a finish that commits meanwhile only leaves room.
 *
 * @param request - how many runs, and for which host
 * @returns the statement; its rows are for {@link claimedRuns}
 */
export function claimRuns(request: ClaimRequest): Statement {
  return {
    name: "runs_claim",
    text: `
      with scope as materialized (
        select e.concurrency_limit, v.id as current_version_id
        from environment e left join version v on v.environment_id = e.id and v.is_current
        where e.id = $1::uuid and not e.is_paused
      ),
      open_queue as materialized (
        select q.name, q.is_paused, q.concurrency_limit, q.concurrency_limit is null or q.concurrency_limit > $6::int as may_be_ahead,
               (select count(*)::int from live_run h
                where h.environment_id = $1::uuid and h.queue_name = q.name and h.host_id is not null) as held
        from queue q
        where q.environment_id = $1::uuid
      ),
      head as (
        select pick.run_id, pick.order_at, q.may_be_ahead
        from scope
        cross join open_queue q
        cross join lateral (
          select l.run_id, l.order_at
          from live_run l
          where l.environment_id = $1::uuid and l.queue_name = q.name and l.order_at is not null
            and coalesce(l.version_id, scope.current_version_id) = any ($3::uuid[])
          order by l.order_at, l.run_id
          limit greatest(0, least($4::int + $5::int, q.concurrency_limit - q.held))
        ) pick
        where not q.is_paused
      ),
      ranked as (
        select *, row_number() over (order by order_at, run_id) <= $4::int as is_direct from head
      ),
      chosen as materialized (
        select run_id, is_direct from ranked
        where is_direct or may_be_ahead
        order by order_at, run_id
        limit greatest(0, least($4::int + $5::int,
          (select concurrency_limit from scope) - (select coalesce(sum(held), 0) from open_queue)))
      ),
      claimed as (
        update live_run l
        set state = case when c.is_direct then 'executing' else 'claimed' end,
            claimed_order_at = l.order_at,
            order_at = null,
            host_id = $2::uuid,
            holds_slot = true,
            booked_at = clock_timestamp(),
            fence = l.fence + 1,
            version_id = coalesce(l.version_id, (select current_version_id from scope)),
            attempt = l.attempt + c.is_direct::int,
            started_at = case when c.is_direct then coalesce(l.started_at, now()) else l.started_at end,
            attempt_started_at = case when c.is_direct then now() end
        from chosen c
        where l.environment_id = $1::uuid and l.run_id = c.run_id and l.order_at is not null
          and l.run_id = any (array(select run_id from chosen))
        returning l.run_id, l.fence, l.attempt, l.state, l.task_id, l.version_id, l.queue_name, l.max_attempts,
                  l.claimed_order_at
      )
      select c.run_id, c.fence, c.attempt, c.state, c.task_id, c.version_id, c.queue_name, c.max_attempts,
             case when octet_length(r.payload) <= ${inlinePacketLength} then r.payload end as payload,
             coalesce(octet_length(r.payload) > ${inlinePacketLength}, false) as is_payload_stored,
             r.payload_type, r.created_at, r.is_test, r.tags, r.trace_id
      from claimed c
      cross join lateral (select * from run where environment_id = $1::uuid and id = c.run_id offset 0) r
      order by c.claimed_order_at, c.run_id`,
    values: [
      request.environmentId,
      request.hostId,
      plainArray(request.versionIds),
      request.direct,
      request.ahead,
      request.processes,
    ],
  };
}

/**
 * Reads whether any run is queued. Takes no lock.
 *
 * @param environmentId - the environment
 * @returns the statement; its row says it
 */
export function findQueued(environmentId: string): Statement {
  return {
    name: "runs_find_queued",
    text: `
      select exists (
        select from live_run where environment_id = $1::uuid and order_at is not null
      ) as has_queued`,
    values: [environmentId],
  };
}

/**
 * Reads the rows of {@link claimRuns}.
 *
 * @param rows - its rows
 * @returns the claimed runs, those that stood first in front
 */
export function claimedRuns(rows: Rows): readonly ClaimedRun[] {
  // The casts state the column types of the statement above.
  return rows.map((row) => {
    const isStarted = row.state === "executing";
    return {
      runId: row.run_id as string,
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
      concurrencyKey: "",
      maxDurationS: null,
      isReplay: false,
      parentRunId: null,
      rootRunId: null,
      batchId: null,
      idempotencyKey: null,
      idempotencyKeyScope: null,
      priorityS: 0,
      machine: null,
      metadata: null,
      isRecovery: false,
    };
  });
}
