import type { RunError } from "@pawl/contract/errors";
import { toPublicId } from "@pawl/contract/ids";
import type { Database, Rows } from "@pawl/server/store/db";
import type { LedgerLine } from "../stage/ledger.ts";

/** A run as the store has it at the end. */
export interface RunRow {
  readonly id: string;
  readonly taskId: string;
  readonly createdAtMs: number;
  /** The load's number of the call that made it, or its parent. */
  readonly number: number;
  /** Null: a call of the load made it. */
  readonly parent: { readonly id: string /** Its place among the children, from 1. */; readonly child: number } | null;
  readonly outcome: string | null;
  readonly attemptCount: number | null;
  /** The errors of its failed attempts, by their numbers. */
  readonly failures: ReadonlyMap<number, RunError>;
}

/**
 * Reads what the store says of all runs.
 *
 * @param database - the server's
 * @returns every run with its failed attempts
 */
export async function readRuns(database: Database): Promise<readonly RunRow[]> {
  const [runs = [], attempts = []] = await database.transaction([
    {
      name: "chaos_runs",
      text: "select id, task_id, payload, outcome, attempt_count, parent_run_id, created_at from run",
      values: [],
    },
    { name: "chaos_attempts", text: "select run_id, number, error from attempt", values: [] },
  ]);
  // The casts state the column types of the two statements.
  const failures = new Map<string, Map<number, RunError>>();
  for (const row of attempts) {
    const runId = row.run_id as string;
    const ofRun = failures.get(runId) ?? new Map<number, RunError>();
    failures.set(runId, ofRun.set(row.number as number, JSON.parse(row.error as string) as RunError));
  }
  return runs.map((row) => ({
    id: toPublicId("run", row.id as string),
    taskId: row.task_id as string,
    createdAtMs: (row.created_at as Date).getTime(),
    number: numberIn(row.payload as string, "number"),
    parent:
      row.parent_run_id === null
        ? null
        : { id: toPublicId("run", row.parent_run_id as string), child: numberIn(row.payload as string, "child") },
    outcome: row.outcome as string | null,
    attemptCount: row.attempt_count as number | null,
    failures: failures.get(row.id as string) ?? new Map(),
  }));
}

function numberIn(payload: string, field: string): number {
  return Number(new RegExp(`"${field}":(\\d+)`).exec(payload)?.[1]);
}

/**
 * Tells what is known of a run and its children, for the message of a finding.
 *
 * @param runId - the run
 * @param runs - every run
 * @param ledger - every line of every process
 * @returns a line for each thing that happened, by time
 */
export function storyOf(runId: string, runs: readonly RunRow[], ledger: readonly LedgerLine[]): readonly string[] {
  const family = runs.filter(({ id, parent }) => id === runId || parent?.id === runId);
  const made = family.map((run) => {
    const failures = [...run.failures].map(([number, error]) => `${number}: ${JSON.stringify(error).slice(0, 200)}`);
    return `${run.createdAtMs} ${run.id} ${run.taskId} ${run.parent?.child ?? ""} made; ${run.outcome} after ${run.attemptCount}; ${failures}`;
  });
  const ids = new Set(family.map(({ id }) => id));
  const lines = ledger.filter((line) => ids.has(line.runId));
  return [...made, ...lines.map(({ atMs, event, runId, attempt }) => `${atMs} ${runId} ${event} of ${attempt}`)].sort();
}

/**
 * Reads runs that have not finished.
 *
 * @param database - the server's
 * @returns the first few, with what they wait for
 */
export function readLiveRuns(database: Database): Promise<Rows> {
  const text = `select run_id, state, task_id, attempt, fence, due_at, host_id, lease_expires_at, now()
    from live_run left join host on host.id = live_run.host_id limit 5`;
  return database.query({ name: "chaos_live", text, values: [] });
}
