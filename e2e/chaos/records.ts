import type { RunError } from "@pawl/contract/errors";
import { toPublicId } from "@pawl/contract/ids";
import type { Database } from "@pawl/server/store/db";

/** A run as the store has it at the end. */
export interface RunRow {
  readonly id: string;
  readonly taskId: string;
  /** The load's number of the call that made it. */
  readonly number: number;
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
    { name: "chaos_runs", text: "select id, task_id, payload, outcome, attempt_count from run", values: [] },
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
    number: Number(/"number":(\d+)/.exec(row.payload as string)?.[1]),
    outcome: row.outcome as string | null,
    attemptCount: row.attempt_count as number | null,
    failures: failures.get(row.id as string) ?? new Map(),
  }));
}

/**
 * Counts the runs that have not finished.
 *
 * @param database - the server's
 * @returns how many there are
 */
export async function countLiveRuns(database: Database): Promise<number> {
  const statement = { name: "chaos_live", text: "select count(*)::int as count from live_run", values: [] };
  const [row] = await database.query(statement);
  return row?.count as number; // the cast of the statement
}
