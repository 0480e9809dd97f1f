import type { RunError } from "@pawl/contract/errors";
import type { HostMessage, RunResult } from "@pawl/contract/worker-protocol";
import type { Claim, Completion, Failure, RunStore, SettlementOutcome } from "../ports.ts";
import { completion } from "./complete.ts";
import { failure } from "./fail.ts";

/** What a report says of runs. */
type Report = Pick<Extract<HostMessage, { type: "report" }>, "results" | "started" | "returned" | "orphaned">;

/** Where a report is applied. */
export interface SettleSettings {
  readonly runs: RunStore;
  /** Whether an error of the store may be the doing of one row of an array. */
  readonly isRowError: (error: unknown) => boolean;
}

/**
 * Applies everything that one report of a host says, in one transaction: runs that ended, runs that start, runs given
 * back, runs whose process died while they waited. If
 * the store refuses a row of it, the entries are applied one by one, and a run whose result can't be stored fails for that.
 *
 * @param settings - where
 * @param host - the host and its environment
 * @param report - what it reported
 * @returns which claims were lost, and what became claimable or due
 */
export async function settle(settings: SettleSettings, host: HostOf, report: Report): Promise<SettlementOutcome> {
  try {
    return await apply(settings.runs, host, report);
  } catch (error) {
    if (!settings.isRowError(error)) throw error;
    const parts: Report[] = [
      ...report.results.map((result) => ({ results: [result], started: [], returned: [], orphaned: [] })),
      { ...report, results: [] },
    ];
    const outcomes: SettlementOutcome[] = [];
    for (const part of parts) outcomes.push(await applyAlone(settings, host, part));
    return merge(outcomes);
  }
}

/** A host and its environment. */
interface HostOf {
  readonly id: string;
  readonly environmentId: string;
  /** Its connection, where runs of it may wait for one that has ended; see `Settlement`. */
  readonly resumesOn?: number;
}

async function applyAlone(settings: SettleSettings, host: HostOf, part: Report): Promise<SettlementOutcome> {
  try {
    return await apply(settings.runs, host, part);
  } catch (error) {
    const [result] = part.results;
    if (result === undefined || !settings.isRowError(error)) throw error;
    return apply(settings.runs, host, { ...part, results: [unstorable(result)] });
  }
}

/** What becomes of a run whose result the store refuses: it ended, and how can't be kept. */
function unstorable({ runId, fence, durationMs }: RunResult): RunResult {
  const error: RunError = {
    type: "INTERNAL_ERROR",
    code: "TASK_OUTPUT_ERROR",
    message: "The run ended, and Postgres refused to store its result.",
  };
  return { kind: "failed", runId, fence, error, durationMs, retry: { never: true } };
}

function apply(store: RunStore, host: HostOf, report: Report): Promise<SettlementOutcome> {
  const completed: Completion[] = [];
  const failed: Failure[] = [];
  for (const result of report.results) {
    if (result.kind === "completed") completed.push(completion(result));
    else failed.push(failure(result));
  }
  const { started, returned, orphaned } = report;
  const { environmentId, id: hostId, resumesOn } = host;
  const resuming = resumesOn === undefined ? {} : { resumesOn };
  return store.settle({ environmentId, hostId, completed, failed, started, returned, orphaned, ...resuming });
}

function merge(outcomes: readonly SettlementOutcome[]): SettlementOutcome {
  const due = outcomes.map((outcome) => outcome.nextDueInMs).filter((dueInMs) => dueInMs !== null);
  return {
    lost: outcomes.flatMap((outcome): readonly Claim[] => outcome.lost),
    hasQueued: outcomes.some((outcome) => outcome.hasQueued),
    nextDueInMs: due.length === 0 ? null : Math.min(...due),
    hasFreed: outcomes.some((outcome) => outcome.hasFreed),
    resumed: outcomes.flatMap((outcome) => outcome.resumed ?? []),
  };
}
