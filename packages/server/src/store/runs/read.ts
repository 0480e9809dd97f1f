import { runErrorSchema } from "@pawl/contract/errors";
import type { PacketType } from "@pawl/contract/packet";
import type { RunOutcome, RunState } from "@pawl/contract/run-state";
import { z } from "zod";
import type {
  RunListFilter,
  RunPage,
  RunReader,
  RunRecord,
  RunRecordWithPackets,
  RunStanding,
} from "../../engine/read-ports.ts";
import { type Database, plainArray, type Statement, textArray } from "../db.ts";
import { lowestUuidAt } from "../partitions.ts";

const recordColumns = `
  r.id, r.task_id, r.queue_name, l.state, r.outcome, coalesce(r.attempt_count, l.attempt) as attempt, v.label, r.batch_id,
  r.is_test, r.tags, r.created_at, coalesce(r.started_at, l.started_at) as started_at, r.finished_at, l.due_at,
  coalesce(r.duration_ms, l.duration_ms) as duration_ms`;

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
          select ${recordColumns}, r.payload, r.payload_type, r.output, r.output_type, r.error,
                 array(
                   select json_build_object('number', a.number, 'startedAt', a.started_at, 'failedAt', a.failed_at, 'error', a.error)
                   from attempt a where a.environment_id = r.environment_id and a.run_id = r.id
                   order by a.number
                 ) as failed_attempts
          from run r ${recordJoins}
          where r.environment_id = $1::uuid and r.id = $2::uuid`,
        values: [environmentId, runId],
      });
      return row === undefined ? null : recordWithPackets(row);
    },
    list: (environmentId, filter) => list(db, environmentId, filter),
    async standing(environmentId, runId) {
      const [row] = await db.query(standingOf(environmentId, runId));
      return row === undefined ? null : (row as unknown as RunStanding); // the columns are named after its fields
    },
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
    isTest: row.is_test as boolean,
    tags: (row.tags as string[] | null) ?? [],
    createdAt: row.created_at as Date,
    startedAt: row.started_at as Date | null,
    finishedAt: row.finished_at as Date | null,
    dueAt: row.due_at as Date | null,
    durationMs: row.duration_ms as number,
  };
}

function recordWithPackets(row: Record<string, unknown>): RunRecordWithPackets {
  const error = row.error;
  return {
    ...record(row),
    payload: row.payload as string | null,
    payloadType: row.payload_type as PacketType,
    output: row.output as string | null,
    outputType: row.output_type as PacketType | null,
    error: typeof error === "string" ? runErrorSchema.parse(JSON.parse(error)) : null,
    failedAttempts: failedAttemptsSchema.parse(row.failed_attempts),
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

/**
 * One page of runs by the order of their ids, and one row more to tell whether there is another. The text depends on which
 * filters are set: unfinished runs are found through `live_run`, unsuccessful ones through `run_failure`.
 */
function listStatement(environmentId: string, filter: RunListFilter): Statement {
  const isBackward = filter.cursor?.direction === "before";
  const conditions = ["r.environment_id = $1::uuid"];
  const values: unknown[] = [environmentId, filter.size + 1];
  const add = (condition: (place: string) => string, value: unknown) => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  let source = "run r";
  if (filter.taskIds !== null) add((place) => `r.task_id = any (${place}::text[])`, textArray(filter.taskIds));
  if (filter.from !== null) add((place) => `r.id >= ${place}::uuid`, lowestUuidAt(filter.from.getTime()));
  if (filter.to !== null) add((place) => `r.id < ${place}::uuid`, lowestUuidAt(filter.to.getTime()));
  if (filter.cursor !== null) add((place) => `r.id ${isBackward ? ">" : "<"} ${place}::uuid`, filter.cursor.runId);
  if (filter.standing !== null) {
    const { states, outcomes } = filter.standing;
    if (outcomes.length === 0)
      source = "live_run f join run r on r.environment_id = f.environment_id and r.id = f.run_id";
    else if (states.length === 0 && !outcomes.includes("completed")) {
      source = "run_failure f join run r on r.environment_id = f.environment_id and r.id = f.run_id";
    }
    if (source !== "run r") conditions.push("f.environment_id = $1::uuid");
    values.push(plainArray(states.map(({ state, isBetweenAttempts }) => `${state}:${isBetweenAttempts ?? "any"}`)));
    values.push(plainArray([...outcomes]));
    const [statesPlace, outcomesPlace] = [`$${values.length - 1}`, `$${values.length}`];
    conditions.push(`(l.state || ':any' = any (${statesPlace}::text[])
      or l.state || ':' || (l.attempt > 0)::text = any (${statesPlace}::text[])
      or r.outcome = any (${outcomesPlace}::text[]))`);
  }
  const text = `
    select ${recordColumns} from ${source} ${recordJoins}
    where ${conditions.join(" and ")}
    order by r.id ${isBackward ? "asc" : "desc"} limit $2::int`;
  return { name: `runs_list_${shape(filter, source)}`, text, values };
}

/** A short name for the text of a list statement, since a prepared statement has one text. */
function shape(filter: RunListFilter, source: string): string {
  return [
    filter.taskIds && "task",
    filter.from && "from",
    filter.to && "to",
    filter.cursor?.direction,
    filter.standing && source.split(" ")[0],
  ]
    .filter((part) => part)
    .join("_");
}

/** Reads the figures that say why a run is not executing. Takes no lock. */
function standingOf(environmentId: string, runId: string): Statement {
  return {
    name: "runs_standing",
    text: `
      select l.state, l.task_id as "taskId", l.queue_name as "queueName", l.due_at as "dueAt",
             exists (
               select from version v join task t on t.environment_id = v.environment_id and t.version_id = v.id
               where v.environment_id = l.environment_id and v.is_current and t.id = l.task_id
             ) as "hasTask",
             coalesce(q.is_paused, false) as "isQueuePaused", q.concurrency_limit as "queueLimit",
             e.is_paused as "isEnvironmentPaused", e.concurrency_limit as "environmentLimit",
             (select count(*)::int from live_run h
              where h.environment_id = l.environment_id and h.queue_name = l.queue_name and h.host_id is not null) as "queueHeld",
             (select count(*)::int from live_run h
              where h.environment_id = l.environment_id and h.host_id is not null) as "environmentHeld",
             (select count(*)::int from host h
              where h.environment_id = l.environment_id and h.lease_expires_at > now()) as "connectedHosts",
             (select p.label from version p where p.environment_id = l.environment_id and p.id = l.version_id) as "versionLabel",
             exists (
               select from host h
               where h.environment_id = l.environment_id and h.lease_expires_at > now() and coalesce(l.version_id, (
                 select c.id from version c where c.environment_id = l.environment_id and c.is_current
               )) = any (h.version_ids)
             ) as "hasHostWithVersion"
      from live_run l
      join environment e on e.id = l.environment_id
      left join queue q on q.environment_id = l.environment_id and q.name = l.queue_name
      where l.environment_id = $1::uuid and l.run_id = $2::uuid`,
    values: [environmentId, runId],
  };
}
