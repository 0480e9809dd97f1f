import type { PacketType } from "@pawl/contract/packet";
import type { RetryPolicy } from "@pawl/contract/retry";
import type { RunOutcome, RunState } from "@pawl/contract/run-state";
import type {
  HeldRun,
  OfferedRun,
  PolledRun,
  PolledRunReader,
  RunExecution,
  WaitOver,
} from "../../engine/polled-run-ports.ts";
import type { Claim } from "../../engine/ports.ts";
import { type Database, plainArray, type Rows, type Statement } from "../db.ts";

/**
 * Reads runs for workers that poll. Takes no lock: what changes meanwhile is seen by the next poll.
 *
 * @param db - the database
 * @returns the reader
 */
export function createPolledRunReader(db: Database): PolledRunReader {
  return {
    async standing(environmentId, runId) {
      const [row] = await db.query(readStanding(environmentId, runId));
      return row === undefined ? null : polledRun(row);
    },
    async offers(environmentId, claims) {
      const rows = await db.query(readOffers(environmentId, claims));
      return rows.map(offeredRun);
    },
    async execution(environmentId, claim) {
      const [row] = await db.query(readExecution(environmentId, claim));
      return row === undefined ? null : runExecution(row);
    },
    async retryPolicy(environmentId, runId) {
      const [row] = await db.query({
        name: "polled_runs_retry_policy",
        text: `
          select t.retry from live_run l
          join task t on t.environment_id = $1::uuid and t.version_id = l.version_id and t.id = l.task_id
          where l.environment_id = $1::uuid and l.run_id = $2::uuid`,
        values: [environmentId, runId],
      });
      return row === undefined ? null : (row.retry as RetryPolicy); // written by a registration, whole
    },
    async waitsOver(environmentId, runId) {
      const rows = await db.query({
        name: "polled_runs_waits_over",
        text: `
          select w.key, p.id, p.completed_at, p.due_at, p.idempotency_key
          from run_wait w
          join waitpoint p on p.environment_id = $1::uuid and p.id = w.waitpoint_id
          where w.environment_id = $1::uuid and w.run_id = $2::uuid and w.is_awaited and p.completed_at is not null
          order by w.key`,
        values: [environmentId, runId],
      });
      return rows.map(waitOver);
    },
    async versionIds(hostId) {
      const [row] = await db.query({
        name: "polled_runs_version_ids",
        text: "select version_ids::text[] as version_ids from host where id = $1::uuid",
        values: [hostId],
      });
      return (row?.version_ids ?? []) as readonly string[]; // a text[] column
    },
    async held(environmentId, hostId) {
      const rows = await db.query({
        name: "polled_runs_held",
        text: `
          select l.run_id, l.fence, l.state,
                 case when l.state = 'claimed' then extract(epoch from now() - l.booked_at)::float8 * 1000 end as offered_for_ms
          from live_run l where l.environment_id = $1::uuid and l.host_id = $2::uuid`,
        values: [environmentId, hostId],
      });
      return rows.map(heldRun);
    },
  };
}

function readStanding(environmentId: string, runId: string): Statement {
  return {
    name: "polled_runs_standing",
    text: `
      select r.id as run_id, l.state, r.outcome, l.host_id, coalesce(l.fence, 0) as fence,
             coalesce(r.attempt_count, l.attempt) as attempt, w.opened, w.over
      from run r
      left join lateral (
        select * from live_run where live_run.environment_id = $1::uuid and live_run.run_id = $2::uuid offset 0
      ) l on true
      cross join lateral (
        select count(*)::int as opened, count(p.completed_at)::int as over
        from run_wait
        join waitpoint p on p.environment_id = $1::uuid and p.id = run_wait.waitpoint_id
        where run_wait.environment_id = $1::uuid and run_wait.run_id = $2::uuid
      ) w
      where r.environment_id = $1::uuid and r.id = $2::uuid`,
    values: [environmentId, runId],
  };
}

function readOffers(environmentId: string, claims: readonly Claim[]): Statement {
  return {
    name: "polled_runs_offers",
    text: `
      select l.run_id, l.fence, l.attempt + 1 as attempt, l.version_id, v.label, r.is_test, r.replay_of is not null as is_replay,
             coalesce(r.machine, t.machine) as machine, r.trace_id
      from live_run l
      join version v on v.environment_id = $1::uuid and v.id = l.version_id
      join run r on r.environment_id = $1::uuid and r.id = l.run_id
      left join task t on t.environment_id = $1::uuid and t.version_id = l.version_id and t.id = l.task_id
      where l.environment_id = $1::uuid and l.run_id = any ($2::uuid[]) and l.state = 'claimed'
        and l.fence = ($3::int[])[array_position($2::uuid[], l.run_id)]
      order by array_position($2::uuid[], l.run_id)`,
    values: [environmentId, plainArray(claims.map(({ runId }) => runId)), plainArray(claims.map(({ fence }) => fence))],
  };
}

function readExecution(environmentId: string, { runId, fence }: Claim): Statement {
  return {
    name: "polled_runs_execution",
    text: `
      select l.run_id, l.attempt, l.attempt_started_at, r.payload, r.payload_type, r.tags, r.created_at, l.started_at, r.is_test,
             r.replay_of is not null as is_replay, l.version_id, v.label, l.max_attempts,
             coalesce(r.max_duration_s, t.max_duration_s) as max_duration_s,
             coalesce(r.idempotency_key_source, r.idempotency_key) as idempotency_key, r.idempotency_key_scope, r.priority_s,
             r.parent_run_id, r.root_run_id, r.batch_id, r.trace_id, r.task_id, coalesce(t.file_path, '') as file_path, t.export_name,
             l.queue_name, (select q.id from queue q where q.environment_id = $1::uuid and q.name = l.queue_name) as queue_id,
             l.concurrency_key, coalesce(r.machine, t.machine) as machine, p.id as project_id, p.ref, p.name as project_name,
             (select m.data from run_metadata m where m.environment_id = $1::uuid and m.run_id = l.run_id) as metadata
      from live_run l
      join run r on r.environment_id = $1::uuid and r.id = l.run_id
      join version v on v.environment_id = $1::uuid and v.id = l.version_id
      join environment e on e.id = $1::uuid
      join project p on p.id = e.project_id
      left join task t on t.environment_id = $1::uuid and t.version_id = l.version_id and t.id = l.task_id
      where l.environment_id = $1::uuid and l.run_id = $2::uuid and l.fence = $3::int and l.state = 'executing'`,
    values: [environmentId, runId, fence],
  };
}

// The casts state the column types of the statements above.

function polledRun(row: Rows[number]): PolledRun {
  return {
    runId: row.run_id as string,
    state: row.state as RunState | null,
    outcome: row.outcome as RunOutcome | null,
    hostId: row.host_id as string | null,
    fence: row.fence as number,
    attempt: row.attempt as number,
    waitsOpened: row.opened as number,
    waitsOver: row.over as number,
  };
}

function offeredRun(row: Rows[number]): OfferedRun {
  return {
    runId: row.run_id as string,
    fence: row.fence as number,
    attempt: row.attempt as number,
    versionId: row.version_id as string,
    versionLabel: row.label as string,
    isTest: row.is_test as boolean,
    isReplay: row.is_replay as boolean,
    machine: row.machine as string | null,
    traceId: row.trace_id as string,
  };
}

function runExecution(row: Rows[number]): RunExecution {
  return {
    runId: row.run_id as string,
    attempt: row.attempt as number,
    attemptStartedAt: row.attempt_started_at as Date,
    payload: row.payload as string | null,
    payloadType: row.payload_type as PacketType,
    tags: (row.tags as string[] | null) ?? [],
    createdAt: row.created_at as Date,
    startedAt: row.started_at as Date,
    isTest: row.is_test as boolean,
    isReplay: row.is_replay as boolean,
    versionId: row.version_id as string,
    versionLabel: row.label as string,
    metadata: row.metadata as string | null,
    maxAttempts: row.max_attempts as number,
    maxDurationS: row.max_duration_s as number | null,
    idempotencyKey: row.idempotency_key as string | null,
    idempotencyKeyScope: row.idempotency_key_scope as string | null,
    priorityS: row.priority_s as number,
    parentRunId: row.parent_run_id as string | null,
    rootRunId: row.root_run_id as string | null,
    batchId: row.batch_id as string | null,
    traceId: row.trace_id as string,
    taskId: row.task_id as string,
    filePath: row.file_path as string,
    exportName: row.export_name as string | null,
    queueId: String(row.queue_id),
    queueName: row.queue_name as string,
    machine: row.machine as string | null,
    concurrencyKey: row.concurrency_key as string,
    project: { id: row.project_id as string, ref: row.ref as string, name: row.project_name as string },
  };
}

function waitOver(row: Rows[number]): WaitOver {
  return {
    key: row.key as string,
    waitpointId: row.id as string,
    completedAt: row.completed_at as Date,
    dueAt: row.due_at as Date | null,
    idempotencyKey: row.idempotency_key as string | null,
  };
}

function heldRun(row: Rows[number]): HeldRun {
  return {
    runId: row.run_id as string,
    fence: row.fence as number,
    state: row.state as RunState,
    offeredForMs: row.offered_for_ms as number | null,
  };
}
