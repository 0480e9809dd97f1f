import type { Dispatcher } from "../dispatcher.ts";
import type { InsertOutcome, NewRun, RunStore, TriggerOutcome } from "../ports.ts";
import { claimRequest, deliver } from "./claim.ts";

/** How many runs beyond those of the call itself a trigger claims ahead with them, for each of them. */
const aheadPerRun = 1;

/** What a trigger needs of the engine around it. */
export interface TriggerSettings {
  readonly runs: RunStore;
  /** The dispatcher of an environment, where hosts of it are connected to this server. */
  readonly dispatcherOf: (environmentId: string) => Dispatcher | null;
  /** Runs were queued that no claim has taken. */
  readonly onQueued: (environmentId: string) => void;
  /** A run is due, or expires, in this many milliseconds. */
  readonly onDue: (dueInMs: number) => void;
}

/**
 * Trigger: makes runs in one transaction. When a process is ready for one of them, the same transaction claims too, under the
 * same lock and rules as any claim: the run starts after a single commit.
 *
 * @param settings - the engine around it
 * @param runs - the runs
 * @returns their outcomes, in order
 */
export async function trigger(settings: TriggerSettings, runs: readonly NewRun[]): Promise<readonly TriggerOutcome[]> {
  const claimedIds = new Set<string>();
  const { outcomes, nextDueInMs } = await insert(settings, runs, claimedIds);
  const unclaimed = runs.filter((run, index) => !claimedIds.has(run.id) && mayBeQueued(run, outcomes[index]));
  for (const environmentId of new Set(unclaimed.map((run) => run.environmentId))) settings.onQueued(environmentId);
  if (nextDueInMs !== null) settings.onDue(nextDueInMs);
  return outcomes;
}

/** A run that an earlier try of the call made may be known to a server only that has died since. */
function mayBeQueued(run: NewRun, outcome: TriggerOutcome | undefined): boolean {
  if (outcome === undefined || run.delay !== null || run.debounce !== null) return false;
  return outcome.kind === "created" || (outcome.kind === "found" && !outcome.isCached);
}

async function insert(
  { runs: store, dispatcherOf }: TriggerSettings,
  runs: readonly NewRun[],
  claimedIds: Set<string>,
): Promise<InsertOutcome> {
  const dispatcher = dispatcherOf(runs[0]?.environmentId ?? "");
  const host = dispatcher?.readyHost() ?? null;
  const isForLater = runs.every(({ debounce }) => debounce !== null);
  if (dispatcher === null || host === null || isForLater) return store.insert(runs);
  const wanted = host.reserve({ direct: runs.length, ahead: runs.length * aheadPerRun });
  try {
    const made = await store.insertAndClaim(runs, claimRequest(host, wanted));
    dispatcher.learn(made.claim);
    if (await deliver(store, host, made.claim)) for (const run of made.claim.claimed) claimedIds.add(run.runId);
    return made;
  } catch (error) {
    dispatcher.claimFailed(host, error);
    throw error;
  } finally {
    host.release(wanted);
  }
}
