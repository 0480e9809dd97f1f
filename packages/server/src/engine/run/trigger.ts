import type { Dispatcher } from "../dispatcher.ts";
import type { NewRun, RunStore, TriggerOutcome } from "../ports.ts";
import { claimRequest, deliver } from "./claim.ts";

/** How many runs beyond those of the call itself a trigger claims ahead with them, for each of them. */
const aheadPerRun = 1;

/**
 * Trigger: makes runs in one transaction. When a process is ready for one of them, the same transaction claims too, under the
 * same lock and rules as any claim: the run starts after a single commit.
 *
 * @param store - runs
 * @param dispatcherOf - the dispatcher of an environment, where hosts of it are connected to this server
 * @param runs - the runs
 * @returns their outcomes, in order
 */
export async function trigger(
  store: RunStore,
  dispatcherOf: (environmentId: string) => Dispatcher | null,
  runs: readonly NewRun[],
): Promise<readonly TriggerOutcome[]> {
  const environmentId = runs[0]?.environmentId ?? "";
  const dispatcher = dispatcherOf(environmentId);
  const host = dispatcher?.readyHost() ?? null;
  if (dispatcher === null || host === null) {
    const outcomes = await store.insert(runs);
    for (const id of new Set(runs.map((run) => run.environmentId))) dispatcherOf(id)?.wake();
    return outcomes;
  }
  const wanted = host.reserve({ direct: runs.length, ahead: runs.length * aheadPerRun });
  try {
    const { outcomes, claimed } = await store.insertAndClaim(runs, claimRequest(host, wanted));
    await deliver(store, host, claimed);
    const claimedIds = new Set(claimed.map((run) => run.runId));
    const queued = runs.filter((run) => !claimedIds.has(run.id));
    for (const id of new Set(queued.map((run) => run.environmentId))) dispatcherOf(id)?.wake();
    return outcomes;
  } catch (error) {
    dispatcher.distrust(host);
    throw error;
  } finally {
    host.release(wanted);
  }
}
