import type { TriggerFunction } from "@pawl/contract/api/runs";
import type { RunError } from "@pawl/contract/errors";
import type { PacketType } from "@pawl/contract/packet";
import { runErrorSchema } from "@pawl/contract/run-error-schema";
import type { RunOutcome, RunState } from "@pawl/contract/run-state";
import { z } from "zod";
import type {
  EndHook,
  RunFamily,
  RunListFilter,
  RunPage,
  RunReader,
  RunRecord,
  RunRecordWithPackets,
  RunResult,
} from "../../engine/read-ports.ts";
import { type Database, plainArray, type Statement } from "../db.ts";
import { readEndHook } from "./end-hooks.ts";
import { filterRuns } from "./run-filter.ts";
import { readStanding } from "./standing.ts";

const recordColumns = `
  r.id, r.task_id, r.queue_name, l.state, r.outcome, coalesce(r.attempt_count, l.attempt) as attempt, v.label, r.batch_id,
  r.trigger_function, r.parent_run_id, r.root_run_id, r.depth,
  r.is_test, r.tags, r.created_at, coalesce(r.started_at, l.started_at) as started_at, r.finished_at,
  coalesce(case when l.state = 'delayed' and l.attempt = 0 then l.due_at end, r.delay_until) as delayed_until,
  r.ttl_s, r.region, coalesce(r.idempotency_key_source, r.idempotency_key) as idempotency_key,
  coalesce(r.duration_ms, l.duration_ms) as duration_ms`;

/** What a record has besides where its packets are read. */
const packetColumns = `
  r.trace_id, r.payload, r.payload_type, r.output, r.output_type, r.error,
  (select m.data from run_metadata m where m.environment_id = r.environment_id and m.run_id = r.id) as metadata,
  array(
    select s.key from stream s
    where s.environment_id = r.environment_id and s.run_id = r.id and not s.is_input order by s.id
  ) as stream_keys,
  array(
    select json_build_object('number', a.number, 'startedAt', a.started_at, 'failedAt', a.failed_at, 'error', a.error)
    from attempt a where a.environment_id = r.environment_id and a.run_id = r.id
    order by a.number
  ) as failed_attempts,
  (select json_build_object('id', s.id, 'externalId', s.external_id, 'deduplicationKey', s.deduplication_key, 'cron', s.cron)
   from schedule s where s.environment_id = r.environment_id and s.id = r.schedule_id) as schedule`;

const recordJoins = `
  left join live_run l on l.environment_id = r.environment_id and l.run_id = r.id
  left join version v on v.environment_id = r.environment_id and v.id = coalesce(r.version_id, l.version_id)`;

/**
 * Reads runs for the API. A run is read in one statement, so that its standing and its outcome agree.
 *
 * @param db - the database
 * @returns the reader
 */
export function createRunReader(db: Database): RunReader {
  return {
    async retrieve(environmentId, runId) {
      const [row] = await db.query({
        name: "runs_retrieve",
        text: `
          select ${recordColumns}, ${packetColumns}
          from run r ${recordJoins}
          where r.environment_id = $1::uuid and r.id = $2::uuid`,
        values: [environmentId, runId],
      });
      return row === undefined ? null : recordWithPackets(row);
    },
    list: (environmentId, filter) => list(db, environmentId, filter),
    family: (environmentId, run) => family(db, environmentId, run),
    result: (environmentId, runId) => result(db, environmentId, runId),
    async claimOf(environmentId, runId) {
      const [row] = await db.query({
        name: "runs_claim_of",
        text: "select host_id, fence from live_run where environment_id = $1::uuid and run_id = $2::uuid and host_id is not null",
        values: [environmentId, runId],
      });
      return row === undefined ? null : { hostId: row.host_id as string, fence: row.fence as number }; // a uuid, an int
    },
    endHook: (environmentId, runId) => endHook(db, environmentId, runId),
    standing: (environmentId, runId) => readStanding(db, environmentId, runId),
  };
}

/**
 * Reads several runs with their packets.
 *
 * @param db - the database
 * @param environmentId - their environment
 * @param runIds - the runs; those that do not exist are left out
 * @returns the runs, in any order
 */
export async function readRuns(
  db: Database,
  environmentId: string,
  runIds: readonly string[],
): Promise<readonly RunRecordWithPackets[]> {
  const rows = await db.query({
    name: "runs_read_several",
    text: `
      select ${recordColumns}, ${packetColumns}
      from run r ${recordJoins}
      where r.environment_id = $1::uuid and r.id = any ($2::uuid[])`,
    values: [environmentId, plainArray(runIds)],
  });
  return rows.map(recordWithPackets);
}

async function endHook(db: Database, environmentId: string, runId: string): Promise<EndHook | null> {
  const [row] = await db.query(readEndHook(environmentId, runId));
  if (row === undefined) return null;
  // The casts state the column types.
  return {
    kind: row.kind as EndHook["kind"],
    runId: row.hook_run_id as string | null,
    outcome: row.outcome as RunOutcome | null,
    error: typeof row.error === "string" ? runErrorSchema.parse(JSON.parse(row.error)) : null,
  };
}

const failedAttemptsSchema = z.array(
  z.object({
    number: z.int(),
    startedAt: z.coerce.date(),
    failedAt: z.coerce.date(),
    error: z.string().transform((text) => runErrorSchema.parse(JSON.parse(text))),
  }),
);

function record(row: Record<string, unknown>): RunRecord {
  // The casts state the column types of the statements above.
  return {
    id: row.id as string,
    taskId: row.task_id as string,
    queueName: row.queue_name as string,
    state: row.state as RunState | null,
    outcome: row.outcome as RunOutcome | null,
    attempt: row.attempt as number,
    versionLabel: row.label as string | null,
    batchId: row.batch_id as string | null,
    triggerFunction: row.trigger_function as TriggerFunction,
    parentRunId: row.parent_run_id as string | null,
    rootRunId: row.root_run_id as string | null,
    depth: row.depth as number,
    isTest: row.is_test as boolean,
    tags: (row.tags as string[] | null) ?? [],
    createdAt: row.created_at as Date,
    startedAt: row.started_at as Date | null,
    finishedAt: row.finished_at as Date | null,
    delayedUntil: row.delayed_until as Date | null,
    ttlS: row.ttl_s as number | null,
    region: row.region as string | null,
    idempotencyKey: row.idempotency_key as string | null,
    durationMs: row.duration_ms as number,
  };
}

function recordWithPackets(row: Record<string, unknown>): RunRecordWithPackets {
  return {
    ...record(row),
    traceId: row.trace_id as string,
    payload: row.payload as string | null,
    payloadType: row.payload_type as PacketType,
    output: row.output as string | null,
    outputType: row.output_type as PacketType | null,
    error: readError(row.error),
    streamKeys: row.stream_keys as string[],
    metadata: row.metadata as string | null,
    failedAttempts: failedAttemptsSchema.parse(row.failed_attempts),
    schedule: row.schedule as RunRecordWithPackets["schedule"], // as the statement builds it
  };
}

/** Reads a stored error. */
export function readError(text: unknown): RunError | null {
  return typeof text === "string" ? runErrorSchema.parse(JSON.parse(text)) : null;
}

const maxChildren = 100;

/** A child's id is always above its parent's, which leaves out the partitions before. */
async function family(db: Database, environmentId: string, run: RunRecord): Promise<RunFamily> {
  const above = [run.parentRunId, run.rootRunId].filter((id) => id !== null);
  const [ancestors = [], children = []] = await db.transaction([
    {
      name: "runs_ancestors",
      text: `select ${recordColumns} from run r ${recordJoins} where r.environment_id = $1::uuid and r.id = any ($2::uuid[])`,
      values: [environmentId, plainArray(above)],
    },
    {
      name: "runs_children",
      text: `select ${recordColumns} from run r ${recordJoins}
             where r.environment_id = $1::uuid and r.parent_run_id = $2::uuid and r.id > $2::uuid
             order by r.id limit ${maxChildren}`,
      values: [environmentId, run.id],
    },
  ]);
  const byId = new Map(ancestors.map((row) => [row.id, record(row)]));
  return {
    root: byId.get(run.rootRunId) ?? null,
    parent: byId.get(run.parentRunId) ?? null,
    children: children.map(record),
  };
}

async function result(db: Database, environmentId: string, runId: string): Promise<RunResult | "unfinished" | null> {
  const [row] = await db.query({
    name: "runs_result",
    text: `select ${resultColumns} from run r where r.environment_id = $1::uuid and r.id = $2::uuid`,
    values: [environmentId, runId],
  });
  if (row === undefined) return null;
  return row.outcome === null ? "unfinished" : toResult(row);
}

/** What {@link toResult} needs of `run r`. */
export const resultColumns = "r.id, r.task_id, r.outcome, r.output, r.output_type, r.error, r.duration_ms";

/**
 * Reads how a run ended.
 *
 * @param row - with the {@link resultColumns} of a finished run
 * @returns the result
 */
export function toResult(row: Record<string, unknown>): RunResult {
  return {
    id: row.id as string,
    taskId: row.task_id as string,
    outcome: row.outcome as RunOutcome,
    output: row.output as string | null,
    outputType: row.output_type as PacketType | null,
    error: readError(row.error),
    durationMs: (row.duration_ms as number | null) ?? 0,
  };
}

async function list(db: Database, environmentId: string, filter: RunListFilter): Promise<RunPage> {
  const isBackward = filter.cursor?.direction === "before";
  const rows = await db.query(listStatement(environmentId, filter));
  const hasMore = rows.length > filter.size;
  const runs = rows.slice(0, filter.size).map(record);
  if (isBackward) runs.reverse();
  return {
    runs,
    hasNext: isBackward ? true : hasMore,
    hasPrevious: isBackward ? hasMore : filter.cursor !== null,
  };
}

/** One page of runs by the order of their ids, and one row more to tell whether there is another. */
function listStatement(environmentId: string, filter: RunListFilter): Statement {
  const { cursor, size } = filter;
  const isBackward = cursor?.direction === "before";
  const { from, id, conditions, values, shape } = filterRuns(filter, [environmentId, size + 1], { driving: "joined" });
  const place = `$${values.length + 1}::uuid`;
  const bounds =
    cursor === null ? [] : [...new Set([id, "r.id"])].map((one) => `${one} ${isBackward ? ">" : "<"} ${place}`);
  const text = `
    select ${recordColumns} from ${from} ${recordJoins}
    where ${[...conditions, ...bounds].join(" and ")}
    order by r.id ${isBackward ? "asc" : "desc"} limit $2::int`;
  return {
    name: `runs_list_${shape}_${cursor?.direction ?? ""}`,
    text,
    values: cursor === null ? values : [...values, cursor.runId],
  };
}
