import { inlinePacketLength } from "@pawl/contract/packet";
import type { ClaimedRun, ClaimOutcome, NewRun } from "../../engine/ports.ts";
import type { Rows } from "../db.ts";
import { calmLanes, headOf, readyLanes } from "./claim-lanes.ts";
import { nextOpening } from "./lanes.ts";

// The parts of statements that make runs and claim the first of them as they are made: they are never queued. $1 to $8 of such a
// statement are the `requestValues` of the claim.

/**
 * Reads whether anything but the environment's limit holds the runs of a queue back.
 *
 * @param queueName - the queue; SQL
 * @returns the SQL of a lateral subquery with `is_held_back`; it has no row where the queue is not known
 */
export function holdOf(queueName: string): string {
  return `(
          select queue.is_paused or coalesce(queue.limit_override, queue.concurrency_limit, queue.combined_limit) is not null
                   or coalesce(queue.interval_ms, queue.combined_interval_ms) is not null as is_held_back
          from queue where queue.environment_id = $1::uuid and queue.name = ${queueName} offset 0
        )`;
}

/**
 * The common table expressions that judge whether new runs may be claimed as they are made: `verdict`, of one row, says so, and `whole` has
 * a row with what the environment's limit leaves if they may. No run that is queued could come before them, none waits to take its
 * slot again, no lane has to be opened, and nothing else holds them back.
 *
 * @param source - a common table expression with `is_held_back` of the new runs; it comes before, and so does `scope`
 * @returns the SQL
 */
export function judgeNew(source: string): string {
  return `
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
          and (
            select count(*) <= ${calmLanes} and coalesce(bool_and(not exists ${headOf("w", "1")}), true)
            from ${readyLanes(`${calmLanes + 1}`)} w
          )
          and not exists (select from ${source} where is_held_back) as is_plain
        from scope s
      ),
      whole as materialized (
        select s.concurrency_limit - (
          select count(*) from live_run l
          where l.environment_id = $1::uuid and l.holds_slot and l.booked_at >= s.booked_from
        )::int as left_over
        from scope s where (select is_plain from verdict)
      )`;
}

/**
 * Gives new runs their state: the first of those that could be queued are claimed as far as there is room, to start or ahead.
 *
 * @param source - a common table expression `i` with the new runs
 * @param otherState - the state of a run that can't be claimed, else null; SQL
 * @param place - the place of a run among them; SQL
 * @returns the SQL of a query that adds `turn`, `state`, `is_claimed` and `is_started`
 */
export function takeNew(source: string, otherState: string, place: string): string {
  return `
        select t.*, t.state in ('executing', 'claimed') as is_claimed, t.state = 'executing' as is_started
        from (
          select n.*, coalesce(n.other_state, case
            when n.turn > coalesce((select least($4::int + $5::int, left_over) from whole), 0) then 'queued'
            when n.turn <= $4::int + $8::int and not $7::boolean then 'executing'
            else 'claimed'
          end) as state
          from (
            select i.*, ${otherState} as other_state, row_number() over (order by ${otherState} is not null, ${place}) as turn
            from ${source} i
          ) n
        ) t`;
}

/** The columns of `live_run` that a claim sets, but for version_id. */
export const takenColumns =
  "claimed_order_at, host_id, fence, holds_slot, booked_at, attempt, attempt_started_at, started_at";

/**
 * The values of {@link takenColumns} of a new run.
 *
 * @param run - alias of a row of {@link takeNew}
 * @param orderAt - where it would be queued; SQL
 * @returns the SQL
 */
export function takenValues(run: string, orderAt: string): string {
  return `
               case when ${run}.is_claimed then ${orderAt} end, case when ${run}.is_claimed then $2::uuid end, ${run}.is_claimed::int, ${run}.is_claimed,
               case when ${run}.is_claimed then greatest(statement_timestamp(), (select booked_from from scope)) end,
               ${run}.is_started::int, case when ${run}.is_started then statement_timestamp() end,
               case when ${run}.is_started then statement_timestamp() end`;
}

/**
 * The columns `created_at` and `claim` of a query that aggregates rows of {@link takeNew}: what the claim came to, for {@link claimOfNew}.
 *
 * @param more - further members of the object of each claimed run; SQL
 * @returns the SQL
 */
export function takenClaim(more = ""): string {
  return `
             now() as created_at, json_build_object(
               'isPlain', coalesce((select is_plain from verdict), false),
               'hasMore', count(*) filter (where state = 'queued') > 0,
               'isFull', coalesce(count(*) filter (where state = 'queued') > 0 and (select left_over < $4::int + $5::int from whole), false),
               'envVarsVersion', (select env_vars_version from scope),
               'opensInMs', (select extract(epoch from opens_at - statement_timestamp())::float8 * 1000 from opening),
               'versionId', (select current_version_id from scope),
               'runs', coalesce(json_agg(json_build_object(
                 'id', id, 'isStarted', is_started, 'queueName', queue_name, 'maxAttempts', attempts${more}
               ) order by turn) filter (where is_claimed), '[]')
             ) as claim`;
}

/** A run that was claimed as it was made, as far as its trigger does not say it. */
interface TakenRun {
  readonly id: string;
  readonly isStarted: boolean;
  readonly queueName: string;
  readonly maxAttempts: number;
  readonly maxDurationS: number | null;
  /** Null: the environment's current one. */
  readonly versionId?: string | null;
  readonly rootRunId?: string | null;
}

/** The column of {@link takenClaim}. */
interface TakenClaim {
  readonly isPlain: boolean;
  readonly hasMore: boolean;
  readonly isFull: boolean;
  readonly envVarsVersion: number | null;
  readonly opensInMs: number | null;
  readonly versionId: string;
  readonly runs: readonly TakenRun[];
}

/**
 * Reads the columns of {@link takenClaim}.
 *
 * @param runs - the runs that were to be made
 * @param row - the row; undefined where no run was made
 * @returns what the claim came to; null where it has to be made by itself
 */
export function claimOfNew(runs: readonly NewRun[], row: Rows[number] | undefined): ClaimOutcome | null {
  if (row === undefined) return { claimed: [], resumed: [], hasMore: false, isEnvironmentFull: false };
  const claim = row.claim as TakenClaim; // as takenClaim makes it
  if (!claim.isPlain) return null;
  const runOf = new Map(runs.map((run) => [run.id, run]));
  return {
    claimed: claim.runs.map((taken) => madeRun(runOf.get(taken.id), taken, claim.versionId, row.created_at as Date)),
    resumed: [],
    hasMore: claim.hasMore,
    isEnvironmentFull: claim.isFull,
    envVarsVersion: claim.envVarsVersion ?? 0,
    opensInMs: claim.opensInMs,
  };
}

/** The run as a claim would bring it. */
function madeRun(run: NewRun | undefined, taken: TakenRun, currentVersionId: string, createdAt: Date): ClaimedRun {
  if (run === undefined) throw new Error("unreachable: the rows are of these runs");
  const isPayloadStored = run.payload !== null && Buffer.byteLength(run.payload) > inlinePacketLength;
  return {
    runId: run.id,
    isAwaited: run.parent !== null && run.parent.wait !== null,
    fence: 1,
    attempt: 1,
    isStarted: taken.isStarted,
    taskId: run.taskId,
    versionId: taken.versionId ?? currentVersionId,
    queueName: taken.queueName,
    payload: isPayloadStored ? null : run.payload,
    isPayloadStored,
    payloadType: run.payloadType,
    maxAttempts: taken.maxAttempts,
    createdAt,
    isTest: run.isTest,
    tags: run.tags,
    traceId: run.traceId,
    concurrencyKey: run.concurrencyKey,
    maxDurationS: taken.maxDurationS,
    isReplay: run.replayOf !== null,
    parentRunId: run.parent?.runId ?? null,
    rootRunId: taken.rootRunId ?? null,
    batchId: run.batchId,
    idempotencyKey: run.idempotency?.source ?? run.idempotency?.key ?? null,
    idempotencyKeyScope: run.idempotency?.scope ?? null,
    priorityS: run.priorityS,
    machine: run.machine,
    metadata: run.metadata,
    isRecovery: false,
    hook: null,
  };
}
