import type { BulkActionStore, BulkReplay, BulkRun, BulkRunResult, TakenBulkAction } from "../bulk-ports.ts";
import type { CancelOutcome, NewRun, RunStore, TriggerOutcome } from "../ports.ts";
import { cancelMany } from "../run/cancel.ts";
import { newRun } from "../run/new-run.ts";
import { refusalOf } from "../run/refusal.ts";

/** Does to some runs what their action says; each of them may have been done before. */
export type BulkWork = (taken: TakenBulkAction, runs: readonly BulkRun[]) => Promise<readonly BulkRunResult[]>;

/** What the work needs of the engine around it. */
export interface BulkWorkSettings {
  readonly runs: Pick<RunStore, "cancel" | "liveChildren" | "canceledChildren" | "insert">;
  readonly store: Pick<BulkActionStore, "replaySources">;
  /** Runs were cancelled: their hosts have to be told, and slots may have come free. */
  readonly onCanceled: (environmentId: string, outcome: CancelOutcome) => void;
  /** Runs were queued. */
  readonly onQueued: (environmentId: string) => void;
  /** A run is due, or expires, in this many milliseconds. */
  readonly onDue: (dueInMs: number) => void;
  /** Whether an error of the store may be the doing of one run of an array. */
  readonly isRowError: (error: unknown) => boolean;
}

const unknownRun = "There is no such run in this environment.";

/**
 * Makes the work of bulk actions.
 *
 * @param settings - the engine around it
 * @returns what does a page
 */
export function bulkWork(settings: BulkWorkSettings): BulkWork {
  return (taken, runs) => {
    if (runs.length === 0) return Promise.resolve([]);
    return taken.action === "cancel" ? cancelPage(settings, taken, runs) : replayPage(settings, taken, runs);
  };
}

/** A run that was cancelled before is as it should be; what it had made is gone through again, since a page may come twice. */
async function cancelPage(
  { runs: store, onCanceled }: BulkWorkSettings,
  { environmentId, runsHooks }: TakenBulkAction,
  runs: readonly BulkRun[],
): Promise<readonly BulkRunResult[]> {
  const runIds = runs.map(({ runId }) => runId);
  const outcome = await cancelMany(store, environmentId, runIds, (page) => onCanceled(environmentId, page), {
    runsHooks,
  });
  const unknown = new Set(outcome.notFound);
  const finished = new Set(outcome.already);
  for (const runId of outcome.canceledBefore) finished.delete(runId);
  return runs.map((run) => {
    if (unknown.has(run.runId)) return { ...run, error: unknownRun };
    return { ...run, error: finished.has(run.runId) ? "The run had finished before it could be cancelled." : null };
  });
}

async function replayPage(
  settings: BulkWorkSettings,
  taken: TakenBulkAction,
  runs: readonly BulkRun[],
): Promise<readonly BulkRunResult[]> {
  const results: BulkRunResult[] = [];
  while (results.length < runs.length) {
    const replays = await settings.store.replaySources(taken.environmentId, runs.slice(results.length));
    results.push(...(await replay(settings, taken, replays)));
  }
  settings.onQueued(taken.environmentId); // a server that was interrupted may have told nobody
  return results;
}

async function replay(
  settings: BulkWorkSettings,
  { environmentId, id, targetRegion }: TakenBulkAction,
  replays: readonly BulkReplay[],
): Promise<readonly BulkRunResult[]> {
  const made = new Map<string, NewRun>();
  for (const { runId, newRunId, source } of replays) {
    if (source === null || source === "made") continue;
    const region = targetRegion ?? source.region;
    const run = newRun({ ...source, environmentId, id: newRunId, region, replayOf: runId, bulkActionId: id });
    made.set(runId, run);
  }
  const errors = await insert(settings, [...made.values()]);
  return replays.map(({ runId, newRunId, source }) => {
    const error = source === null ? unknownRun : (errors.get(newRunId) ?? null);
    return { runId, newRunId, error };
  });
}

/** Makes the runs together; where that fails by one of them, each alone. Answers why runs were not made, by their ids. */
async function insert(settings: BulkWorkSettings, runs: readonly NewRun[]): Promise<ReadonlyMap<string, string>> {
  const errors = new Map<string, string>();
  if (runs.length === 0) return errors;
  try {
    const { outcomes, nextDueInMs } = await settings.runs.insert(runs);
    runs.forEach((run, index) => {
      const refusal = refusalIn(outcomes[index]);
      if (refusal !== null) errors.set(run.id, refusal);
    });
    if (nextDueInMs !== null) settings.onDue(nextDueInMs);
  } catch (error) {
    if (!settings.isRowError(error)) throw error;
    const [only] = runs;
    if (runs.length === 1 && only !== undefined) {
      if (!(await isMade(settings, only))) errors.set(only.id, `It can't be stored: ${String(error)}.`);
      return errors;
    }
    for (const run of runs) for (const [id, text] of await insert(settings, [run])) errors.set(id, text);
  }
  return errors;
}

/** Another server may be at the same page: the ids of its runs are the same. */
async function isMade({ store }: BulkWorkSettings, run: NewRun): Promise<boolean> {
  const [again] = await store.replaySources(run.environmentId, [{ runId: run.replayOf ?? run.id, newRunId: run.id }]);
  return again?.source === "made";
}

function refusalIn(outcome: TriggerOutcome | undefined): string | null {
  return outcome?.kind === "refused" ? refusalOf(outcome.reason).message : null;
}
