import type { AssignedRun } from "@pawl/contract/worker-protocol";
import type { ConnectedHost, Room } from "../host/connected-host.ts";
import type { ClaimedRun, ClaimRequest, RunStore } from "../ports.ts";

/**
 * Claims runs for a host, as many as it can take, and pushes them to it. What was claimed for a connection that closed
 * meanwhile is given back at once.
 *
 * @param store - runs
 * @param host - the host
 * @returns whether queued runs remain
 */
export async function claim(store: RunStore, host: ConnectedHost): Promise<boolean> {
  const wanted = host.reserve();
  try {
    const claimed = await store.claim(claimRequest(host, wanted));
    await deliver(store, host, claimed);
    // A full claim leaves more, as a rule; after a smaller one only runs remain that a limit, a pause or a version holds back.
    return claimed.length >= wanted.direct + wanted.ahead || (await store.hasQueued(host.environmentId));
  } finally {
    host.release(wanted);
  }
}

/**
 * What to ask of the store for a host.
 *
 * @param host - the host
 * @param wanted - the capacity reserved for the claim
 * @returns the request
 */
export function claimRequest(host: ConnectedHost, wanted: Room): ClaimRequest {
  return {
    environmentId: host.environmentId,
    hostId: host.id,
    versionIds: host.versionIds,
    direct: wanted.direct,
    ahead: wanted.ahead,
    processes: host.processes,
  };
}

/**
 * Pushes claimed runs to their host, or gives them back when its connection has closed.
 *
 * @param store - runs
 * @param host - the host they were claimed for
 * @param claimed - the runs
 */
export async function deliver(store: RunStore, host: ConnectedHost, claimed: readonly ClaimedRun[]): Promise<void> {
  if (claimed.length === 0) return;
  if (host.push(claimed.map(assignedRun))) return;
  await store.settle({
    environmentId: host.environmentId,
    hostId: host.id,
    completed: [],
    failed: [],
    started: [],
    returned: claimed.map(({ runId, fence }) => ({ runId, fence })),
  });
}

function assignedRun(run: ClaimedRun): AssignedRun {
  return {
    runId: run.runId,
    fence: run.fence,
    attempt: run.attempt,
    isStarted: run.isStarted,
    taskId: run.taskId,
    versionId: run.versionId,
    queueName: run.queueName,
    ...(run.payload === null ? {} : { payload: run.payload }),
    payloadType: run.payloadType,
    isPayloadStored: run.isPayloadStored,
    maxAttempts: run.maxAttempts,
    createdAt: run.createdAt.toISOString(),
    isTest: run.isTest,
    tags: [...run.tags],
    traceId: run.traceId,
  };
}
