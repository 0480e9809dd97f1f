import type { RunDetail, RunSummary } from "@pawl/contract/api/runs";
import { publicRunError } from "@pawl/contract/errors";
import { toPublicId } from "@pawl/contract/ids";
import { type PacketType, packetAsJson } from "@pawl/contract/packet";
import { publicStatus, type RunStanding, statusFlags } from "@pawl/contract/run-state";
import type { RunRecord, RunRecordWithPackets } from "../engine/read-ports.ts";

/**
 * Renders what every answer about a run tells.
 *
 * @param run - the run as stored
 * @returns its summary, with fields that do not apply left out
 */
export function runSummary(run: RunRecord): RunSummary {
  const status = publicStatus(standingOf(run));
  return {
    id: toPublicId("run", run.id),
    status,
    taskIdentifier: run.taskId,
    ...statusFlags(status),
    isTest: run.isTest,
    createdAt: run.createdAt.toISOString(),
    updatedAt: (run.finishedAt ?? run.startedAt ?? run.createdAt).toISOString(),
    ...(run.startedAt === null ? {} : { startedAt: run.startedAt.toISOString() }),
    ...(run.finishedAt === null ? {} : { finishedAt: run.finishedAt.toISOString() }),
    ...(run.dueAt === null || status !== "DELAYED" ? {} : { delayedUntil: run.dueAt.toISOString() }),
    ...(run.versionLabel === null ? {} : { version: run.versionLabel }),
    tags: run.tags,
    costInCents: 0,
    baseCostInCents: 0,
    durationMs: run.durationMs,
  };
}

/**
 * Renders all that the API tells of one run.
 *
 * @param run - the run as stored, with its packets
 * @param reason - why it is not executing, or null when it is or has ended
 * @returns the detail
 */
export function runDetail(run: RunRecordWithPackets, reason: string | null): RunDetail {
  return {
    ...runSummary(run),
    depth: 0,
    triggerFunction: run.batchId === null ? "trigger" : "batchTrigger",
    relatedRuns: { children: [] },
    ...(run.batchId === null ? {} : { batchId: toPublicId("batch", run.batchId) }),
    ...(run.payload === null ? {} : { payload: asJson(run.payload, run.payloadType) }),
    ...(run.output === null ? {} : { output: asJson(run.output, run.outputType ?? "application/json") }),
    ...(run.error === null ? {} : { error: publicRunError(run.error) }),
    attemptCount: run.attempt,
    attempts: run.failedAttempts.map(({ number, startedAt, failedAt, error }) => ({
      number,
      startedAt: startedAt.toISOString(),
      failedAt: failedAt.toISOString(),
      error: publicRunError(error),
    })),
    ...(reason === null ? {} : { reason }),
  };
}

function standingOf(run: RunRecord): RunStanding {
  if (run.outcome !== null) return { state: null, outcome: run.outcome, attempt: run.attempt };
  if (run.state !== null) return { state: run.state, outcome: null, attempt: run.attempt };
  throw new Error(`run ${run.id} has neither a state nor an outcome`);
}

/** A packet that is not what its type says is shown as the text it is: the run is to be seen all the same. */
function asJson(text: string, type: PacketType): unknown {
  try {
    return packetAsJson({ text, type });
  } catch {
    return text;
  }
}
