import { ApiError } from "../api/errors.ts";
import type { PolledRunReader } from "../engine/polled-run-ports.ts";
import type { Claim, Environment } from "../engine/ports.ts";
import type { PolledHost } from "./polled-host.ts";
import type { PolledHosts } from "./polled-hosts.ts";

/** What is needed to let runs wait. */
export interface ParentWaitParts {
  readonly polledHosts: PolledHosts;
  readonly polledRuns: Pick<PolledRunReader, "standing">;
}

/** A run that a worker of this kind executes. */
export interface WaitingRun {
  readonly host: PolledHost;
  readonly claim: Claim;
}

/**
 * Finds the claim of a run whose code asks for something. It names itself and no fence: the newest claim is meant.
 *
 * @param parts - what it needs
 * @param environment - where the run is
 * @param runId - the run
 * @returns the run with its host; null when no worker of this kind executes it
 */
export async function findWaitingRun(
  { polledHosts, polledRuns }: ParentWaitParts,
  environment: Environment,
  runId: string,
): Promise<WaitingRun | null> {
  const run = await polledRuns.standing(environment.id, runId);
  if (run === null || run.hostId !== environment.id || run.state === "claimed") return null;
  const host = await polledHosts.of(environment);
  polledHosts.runSeen(environment.id, runId);
  return { host, claim: { runId, fence: run.fence } };
}

/**
 * Suspends a run until a wait that it has opened is over. It gives its slot back; its process stays with its worker, which reads
 * in the snapshots of the run when it goes on.
 *
 * @param run - the run
 * @param wait - the key of the wait
 * @throws ApiError `lost_claim` when the run has ended or was given to others meanwhile
 */
export async function suspendRun({ host, claim }: WaitingRun, wait: string): Promise<void> {
  const { error } = await host.call(claim, { kind: "await", waits: [wait] });
  if (error !== undefined) throw new ApiError("lost_claim", error.message);
}

/**
 * Suspends a run that has made another run or a batch and waits for it, if a worker of this kind executes it: its code says so with the
 * call that makes them, and by no call of its own.
 *
 * @param parts - what it needs
 * @param environment - where the run is
 * @param parent - the run and the key of its wait; null, or without a wait, nothing is done
 */
export async function suspendParent(
  parts: ParentWaitParts,
  environment: Environment,
  parent: { readonly runId: string; readonly claim: unknown; readonly wait: string | null } | null,
): Promise<void> {
  if (parent === null || parent.wait === null || parent.claim !== null) return;
  const run = await findWaitingRun(parts, environment, parent.runId);
  if (run !== null) await suspendRun(run, parent.wait);
}
