import { toPublicId } from "@pawl/contract/ids";
import { type PublicStatus, publicStatus } from "@pawl/contract/run-state";
import type { RunRecordWithPackets } from "../engine/read-ports.ts";

/** The names that statuses have in live rows, where they differ from those of other answers. */
const rowStatuses: Partial<Record<PublicStatus, string>> = {
  QUEUED: "PENDING",
  WAITING: "WAITING_TO_RESUME",
  COMPLETED: "COMPLETED_SUCCESSFULLY",
  FAILED: "COMPLETED_WITH_ERRORS",
};

/** Columns that every row has. */
const neverSkipped = new Set(["id", "taskIdentifier", "friendlyId", "status", "createdAt", "updatedAt"]);

/**
 * Renders a run as live readers get it.
 *
 * @param run - the run as stored
 * @param skipped - columns to leave out
 * @returns the row; columns that do not apply are null or absent
 */
export function runRow(run: RunRecordWithPackets, skipped: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  const status = publicStatus(
    run.outcome === null
      ? { state: run.state ?? "queued", outcome: null, attempt: run.attempt }
      : { state: null, outcome: run.outcome, attempt: run.attempt },
  );
  const row = {
    id: run.id,
    friendlyId: toPublicId("run", run.id),
    taskIdentifier: run.taskId,
    status: rowStatuses[status] ?? status,
    createdAt: timeText(run.createdAt),
    updatedAt: timeText(run.finishedAt ?? run.startedAt ?? run.createdAt),
    startedAt: timeText(run.startedAt),
    delayUntil: timeText(run.delayedUntil),
    queuedAt: timeText(run.delayedUntil ?? run.createdAt),
    expiredAt: run.outcome === "expired" ? timeText(run.finishedAt) : null,
    completedAt: timeText(run.finishedAt),
    idempotencyKey: run.idempotencyKey,
    isTest: run.isTest,
    usageDurationMs: Math.round(run.durationMs),
    costInCents: 0,
    baseCostInCents: 0,
    ttl: run.ttlS === null || run.ttlS === 0 ? null : `${Math.round(run.ttlS)}s`,
    payload: run.payload,
    payloadType: run.payloadType,
    metadata: run.metadata,
    metadataType: "application/json",
    output: run.output,
    outputType: run.outputType ?? "application/json",
    runTags: run.tags,
    error: run.error,
    realtimeStreams: run.streamKeys,
  };
  return Object.fromEntries(Object.entries(row).filter(([name]) => neverSkipped.has(name) || !skipped.has(name)));
}

/** Clients add the zone themselves. */
function timeText(at: Date | null): string | null {
  return at === null ? null : at.toISOString().slice(0, -1);
}
