import type { AssignedRun } from "@pawl/contract/worker-protocol";
import type { ConnectedHost, Room } from "../host/connected-host.ts";
import type { CalledHook, ClaimedRun, ClaimOutcome, ClaimRequest, RunStore } from "../ports.ts";

/**
 * Lets the host's runs go on whose wait is over, and claims queued runs for it, as many as it can take. What was claimed for a
 * connection that closed meanwhile is given back at once.
 *
 * @param store - runs
 * @param host - the host
 * @param wanted - its room, reserved; without any, runs only go on
 * @param isFreed - whether waits may have ended or slots come free since the last claim
 * @returns what the store answered, and whether the host was told
 */
export async function claim(
  store: RunStore,
  host: ConnectedHost,
  wanted: Room,
  isFreed: boolean,
): Promise<ClaimOutcome & { readonly isDelivered: boolean }> {
  const outcome = await store.claim({ ...claimRequest(host, wanted), isFreed });
  return { ...outcome, isDelivered: await deliver(store, host, outcome) };
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
    connection: host.connection,
    versionIds: host.versionIds,
    direct: wanted.direct,
    ahead: wanted.ahead,
    inAdvance: Math.min(host.inAdvance, wanted.ahead),
    processes: host.processes,
    startsLater: host.link.isPolled === true,
  };
}

/**
 * Sends to a host what was claimed for it. When its connection has closed, claimed runs are given back; a run that goes on
 * stays its own, and the host is told when it comes back.
 *
 * @param store - runs
 * @param host - the host
 * @param outcome - what was claimed for it
 * @returns false when claimed runs were given back
 */
export async function deliver(
  store: RunStore,
  host: ConnectedHost,
  { claimed, resumed, envVarsVersion = 0 }: Pick<ClaimOutcome, "claimed" | "resumed" | "envVarsVersion">,
): Promise<boolean> {
  host.resume(resumed);
  host.expectEnd(claimed.filter((run) => run.isAwaited).map((run) => run.runId));
  if (claimed.length === 0 || host.push(claimed.map(assignedRun), envVarsVersion)) return true;
  await store.settle({
    environmentId: host.environmentId,
    hostId: host.id,
    completed: [],
    failed: [],
    started: [],
    returned: claimed.map(({ runId, fence }) => ({ runId, fence })),
    orphaned: [],
  });
  return false;
}

function assignedHook({ startedAt, ...hook }: CalledHook): NonNullable<AssignedRun["hook"]> {
  return startedAt === null ? hook : { ...hook, startedAt: startedAt.toISOString() };
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
    ...(run.concurrencyKey === "" ? {} : { concurrencyKey: run.concurrencyKey }),
    ...(run.maxDurationS === null ? {} : { maxDuration: run.maxDurationS }),
    ...(run.isReplay ? { isReplay: true } : {}),
    ...(run.parentRunId === null ? {} : { parentRunId: run.parentRunId }),
    ...(run.rootRunId === null ? {} : { rootRunId: run.rootRunId }),
    ...(run.batchId === null ? {} : { batchId: run.batchId }),
    ...(run.idempotencyKey === null ? {} : { idempotencyKey: run.idempotencyKey }),
    ...(run.idempotencyKeyScope === null ? {} : { idempotencyKeyScope: run.idempotencyKeyScope }),
    ...(run.priorityS === 0 ? {} : { priority: run.priorityS }),
    ...(run.machine === null ? {} : { machine: run.machine }),
    ...(run.metadata === null ? {} : { metadata: run.metadata }),
    ...(run.isRecovery ? { isRecovery: true } : {}),
    ...(run.hook === null ? {} : { hook: assignedHook(run.hook) }),
  };
}
