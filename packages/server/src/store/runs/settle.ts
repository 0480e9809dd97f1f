import type { Claim, Failure, Settlement, SettlementOutcome } from "../../engine/ports.ts";
import type { Database, Rows, Statement } from "../db.ts";
import { endReturned } from "./cancel.ts";
import { completeRuns } from "./complete.ts";
import { completeAwaited } from "./completions.ts";
import { transactionAgain } from "./contended.ts";
import { failRuns } from "./fail.ts";
import { giveBackRuns } from "./give-back.ts";
import { orphanRuns } from "./orphan.ts";
import { promotePendingRuns } from "./promote.ts";
import { resumeAtOnce, resumedRuns } from "./resume.ts";
import { startRuns } from "./start.ts";
import { withStoredOutputs } from "./stored-outputs.ts";

/**
 * Applies a host's report in one transaction, with only those statements that it needs.
 *
 * @param db - the database
 * @param reported - what the host reported
 * @returns what could not be done, and what became possible
 */
export async function settle(db: Database, reported: Settlement): Promise<SettlementOutcome> {
  const settlement = await withStoredOutputs(db, reported);
  const { completed, failed, started, returned, orphaned } = settlement;
  const statements = statementsOf(settlement);
  const results = await transactionAgain(db, statements);
  const rowsOf = (name: string) => results[statements.findIndex((statement) => statement.name === name)] ?? [];
  const failedRows = rowsOf("runs_fail");
  const returnedRows = [...rowsOf("runs_give_back"), ...rowsOf("runs_end_returned")];
  if (returnedRows.some((row) => row.state === "pending_version"))
    await transactionAgain(db, promotePendingRuns(settlement.environmentId));
  const orphanedRows = rowsOf("runs_orphan");
  const resumed = resumedRuns(rowsOf("runs_resume_at_once"), rowsOf("waits_read_resumed"));
  const goOn = new Set(resumed.map((run) => run.runId));
  const dueIn = failedRows.map((row) => row.due_in_ms).filter((dueInMs) => typeof dueInMs === "number");
  if (results.some((rows) => rows[0]?.has_hooks === true)) dueIn.push(0); // runs that call them are to be made
  return {
    lost: [
      ...unchanged(completed, rowsOf("runs_complete")),
      ...unkept(failed, failedRows),
      ...unchanged(returned, returnedRows),
      ...unchanged(orphaned, orphanedRows),
      ...unchanged(started, rowsOf("runs_start")),
    ],
    hasQueued: [...failedRows, ...returnedRows, ...orphanedRows].some((row) => row.state === "queued"),
    nextDueInMs: dueIn.length === 0 ? null : Math.min(...dueIn),
    hasFreed:
      rowsOf("waits_resume_waiters").some((row) => !goOn.has(String(row.run_id))) ||
      results.some((rows) => rows.some((row) => row.has_freed)),
    ...(settlement.resumesOn !== undefined && { resumed }),
  };
}

function statementsOf(settlement: Settlement): readonly Statement[] {
  const { environmentId, hostId, completed, failed, started, returned, orphaned, resumesOn } = settlement;
  const ending: Statement[] = [];
  if (completed.length > 0) ending.push(completeRuns(environmentId, hostId, completed));
  if (failed.length > 0) ending.push(failRuns(environmentId, hostId, failed));
  if (returned.length > 0) {
    ending.push(giveBackRuns(environmentId, hostId, returned), endReturned(environmentId, hostId, returned));
  }
  if (orphaned.length > 0) ending.push(orphanRuns(environmentId, hostId, orphaned));
  if (ending.length > 0) {
    ending.push(
      ...completeAwaited(
        environmentId,
        completed.map((completion) => completion.runId),
      ),
    );
    if (resumesOn !== undefined) ending.push(...resumeAtOnce(environmentId, hostId, resumesOn));
  }
  return started.length === 0 ? ending : [startRuns(environmentId, hostId, started), ...ending];
}

/** The claims that a statement did not find: they are no longer the host's. */
function unchanged(claims: readonly Claim[], rows: Rows): readonly Claim[] {
  if (rows.length === claims.length) return [];
  const changed = new Set(rows.map((row) => row.run_id));
  return claims.filter((claim) => !changed.has(claim.runId)).map(({ runId, fence }) => ({ runId, fence }));
}

/** The claims of failures that are no longer the host's: those not found, and those that it hoped to keep for another attempt. */
function unkept(failures: readonly Failure[], rows: Rows): readonly Claim[] {
  const kept = new Set(rows.filter((row) => row.is_kept).map((row) => row.run_id));
  const dropped = failures.filter((failure) => failure.isRetriedInPlace && !kept.has(failure.runId));
  const missing = unchanged(failures, rows).filter((claim) => !dropped.some(({ runId }) => runId === claim.runId));
  return [...missing, ...dropped.map(({ runId, fence }) => ({ runId, fence }))];
}
