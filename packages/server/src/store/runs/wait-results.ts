import type { RunError } from "@pawl/contract/errors";
import { runErrorSchema } from "@pawl/contract/run-error-schema";
import type { WaitResult } from "@pawl/contract/worker-protocol";
import type { Claim, ResumedRun } from "../../engine/ports.ts";
import { plainArray, type Rows, type Statement, textArray } from "../db.ts";
import { idsIn } from "./completions.ts";

/** So many bytes of results of one run travel with control; what is beyond them is fetched over HTTP. */
const maxInlineLength = 64 * 1024;

/** What a result takes on the wire beside its output or error. */
const frameLength = 200;

/**
 * Reads what the awaited waits of runs came to, as far as they are over. Results that do not fit into one message of control
 * are left out, the long ones first. Takes no lock: what ends meanwhile is found by the run's next wait.
 *
 * @param environmentId - the environment of the runs
 * @param claims - runs that go on
 * @returns the statement; its rows are for {@link readWaitResults}
 */
export function waitResultsOf(environmentId: string, claims: readonly Claim[]): Statement {
  return resultsStatement(
    environmentId,
    claims.map((claim) => claim.runId),
    null,
  );
}

/**
 * As {@link waitResultsOf}, for the runs that `resumeRuns` has let go on earlier in the same transaction.
 *
 * @param environmentId - the environment of the runs
 * @returns the statement; its rows are for {@link readWaitResults}
 */
export function waitResultsOfResumed(environmentId: string): Statement {
  return {
    name: "waits_read_resumed",
    text: resultsQuery(`unnest(${idsIn("pawl.resumed")})`),
    values: [environmentId, null, maxInlineLength],
  };
}

/**
 * Reads what these waits of a run came to, as far as they are over, however long the results are. Takes no lock.
 *
 * @param environmentId - the environment of the run
 * @param runId - the run
 * @param waits - the keys of its waits
 * @returns the statement; its rows are for {@link readWaitResults}
 */
export function fullWaitResultsOf(environmentId: string, runId: string, waits: readonly string[]): Statement {
  return resultsStatement(environmentId, [runId], waits);
}

function resultsStatement(
  environmentId: string,
  runIds: readonly string[],
  waits: readonly string[] | null,
): Statement {
  return {
    name: "waits_read_results",
    text: resultsQuery("unnest($4::uuid[])"),
    values: [
      environmentId,
      waits === null ? null : textArray(waits),
      waits === null ? maxInlineLength : null,
      plainArray(runIds),
    ],
  };
}

/** One row for each wait; for a batch one for each item, in their order, unless its results do not fit. */
function resultsQuery(runIds: string): string {
  return `
      with over as materialized (
        select rw.run_id, rw.key, w.id, w.kind, w.is_timeout, w.output, w.output_type, b.aborted_at is not null as is_aborted
        from ${runIds} as resumed(run_id)
        cross join lateral (
          select * from run_wait where run_wait.environment_id = $1::uuid and run_wait.run_id = resumed.run_id offset 0
        ) rw
        cross join lateral (
          select * from waitpoint where waitpoint.environment_id = $1::uuid and waitpoint.id = rw.waitpoint_id offset 0
        ) w
        left join lateral (
          select batch.aborted_at from batch where batch.environment_id = $1::uuid and batch.id = w.id and w.kind = 'batch' offset 0
        ) b on true
        where w.completed_at is not null
          and case when $2::text[] is null then rw.is_awaited else rw.key = any ($2::text[]) end
      ),
      result as (
        select o.run_id, o.key, o.id, o.kind, o.is_timeout, o.is_aborted, c.index, c.run_id as child_id,
               coalesce(r.task_id, c.task_id) as task_id, r.outcome,
               coalesce(o.output, r.output) as output, coalesce(o.output_type, r.output_type) as output_type,
               coalesce(r.error, c.error) as error, c.error_code,
               ${frameLength} + coalesce(octet_length(coalesce(o.output, r.output)), 0)
                 + coalesce(octet_length(coalesce(r.error, c.error)), 0) as length
        from over o
        left join lateral (
          select 0 as index, o.id as run_id, null::text as task_id, null::text as error, null::text as error_code
          where o.kind = 'run'
          union all
          select i.index, i.run_id, i.task_id, i.error, i.error_code
          from batch_item i
          where o.kind = 'batch' and not o.is_aborted and i.environment_id = $1::uuid and i.batch_id = o.id
        ) c on true
        left join lateral (
          select run.task_id, run.outcome, run.output, run.output_type, run.error
          from run where run.environment_id = $1::uuid and run.id = c.run_id offset 0
        ) r on true
      ),
      placed as (
        select *, sum(length) over (partition by run_id, key) as wait_length,
               row_number() over (partition by run_id, key order by index) as place
        from result
      ),
      measured as (
        select *, $3::int is null or sum(length) over (partition by run_id order by wait_length, key) <= $3::int as is_inline
        from placed
      )
      select run_id, key, id, kind, is_timeout, is_aborted, index, child_id, task_id, outcome, error_code, is_inline,
             case when is_inline then output end as output, output_type, case when is_inline then error end as error
      from measured
      where is_inline or place = 1
      order by run_id, key, index`;
}

type Waits = { wait: string; result?: WaitResult }[];

/**
 * Reads the rows of {@link waitResultsOf}.
 *
 * @param rows - its rows
 * @returns the waits that are over by the id of their run; ids in the results are UUIDs
 */
export function readWaitResults(rows: Rows): ReadonlyMap<string, ResumedRun["waits"]> {
  const waitsOf = new Map<string, Waits>();
  let last: Record<string, unknown> | undefined;
  for (const row of rows) {
    const runId = String(row.run_id);
    let waits = waitsOf.get(runId);
    if (waits === undefined) {
      waits = [];
      waitsOf.set(runId, waits);
    }
    const isSameWait = last?.run_id === row.run_id && last?.key === row.key;
    last = row;
    const result = isSameWait ? waits.at(-1)?.result : undefined;
    if (result?.kind === "batch") result.runs.push(childResult(row));
    else waits.push({ wait: String(row.key), ...(row.is_inline === true && { result: waitResult(row) }) });
  }
  return waitsOf;
}

function waitResult(row: Record<string, unknown>): WaitResult {
  switch (row.kind) {
    case "time":
      return { kind: "time" };
    case "token":
      return { kind: "token", isTimeout: row.is_timeout === true, ...packet(row) };
    case "run":
      return { kind: "run", run: childResult(row) };
    default:
      return {
        kind: "batch",
        batchId: String(row.id),
        isAborted: row.is_aborted === true,
        runs: row.index === null ? [] : [childResult(row)],
      };
  }
}

function childResult(row: Record<string, unknown>): Extract<WaitResult, { kind: "run" }>["run"] {
  const taskId = String(row.task_id);
  if (row.child_id === null) return { taskId, ok: false, error: untriggered(row) };
  const runId = String(row.child_id);
  if (row.outcome === "completed") return { runId, taskId, ok: true, ...packet(row) };
  return { runId, taskId, ok: false, error: runErrorSchema.parse(JSON.parse(String(row.error))) };
}

/** How the item of a batch ended whose run could not be made. */
function untriggered(row: Record<string, unknown>): RunError {
  const code = typeof row.error_code === "string" ? ` (${row.error_code})` : "";
  return {
    type: "INTERNAL_ERROR",
    code: "BATCH_ITEM_COULD_NOT_TRIGGER",
    message: `The item could not be triggered: ${row.error}${code}`,
  };
}

function packet(row: Record<string, unknown>): { output?: string; outputType?: string } {
  return {
    ...(typeof row.output === "string" && { output: row.output }),
    ...(typeof row.output_type === "string" && { outputType: row.output_type }),
  };
}
