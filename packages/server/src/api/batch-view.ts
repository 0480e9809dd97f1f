import type { BatchDetail, BatchStatus, BatchSummary } from "@pawl/contract/api/batch";
import type { RunExecutionResult } from "@pawl/contract/api/run-control";
import { toPublicId } from "@pawl/contract/ids";
import type { BatchItemRecord, BatchRecord, RunResult } from "../engine/read-ports.ts";

/**
 * Renders what every answer about a batch tells.
 *
 * @param id - its public id
 * @param batch - the batch as stored
 * @returns its summary
 */
export function batchSummary(id: string, batch: BatchRecord): BatchSummary {
  return {
    id,
    status: statusOf(batch),
    ...(batch.idempotencyKey === null ? {} : { idempotencyKey: batch.idempotencyKey }),
    createdAt: batch.createdAt.toISOString(),
    updatedAt: (batch.abortedAt ?? batch.sealedAt ?? batch.lastItemAt).toISOString(),
    runCount: batch.runCount,
    runs: batch.items.flatMap(({ runId }) => (runId === null ? [] : [toPublicId("run", runId)])),
  };
}

/**
 * Renders all that the API tells of a batch.
 *
 * @param id - its public id
 * @param batch - the batch as stored
 * @returns the detail
 */
export function batchDetail(id: string, batch: BatchRecord): BatchDetail {
  return {
    ...batchSummary(id, batch),
    processing: {
      ...(batch.sealedAt === null ? {} : { completedAt: batch.sealedAt.toISOString() }),
      errors: batch.items.flatMap(({ index, taskId, error, errorCode }) =>
        error === null
          ? []
          : [{ index, taskIdentifier: taskId ?? "", error, ...(errorCode === null ? {} : { errorCode }) }],
      ),
    },
  };
}

function statusOf(batch: BatchRecord): BatchStatus {
  if (batch.abortedAt !== null) return "ABORTED";
  if (batch.sealedAt === null) return "PROCESSING";
  if (batch.hasLive) return "PENDING";
  return batch.items.some(({ error }) => error !== null) ? "PARTIAL_FAILED" : "COMPLETED";
}

/**
 * Renders how a run ended.
 *
 * @param run - the finished run
 * @returns its result
 */
export function executionResult(run: RunResult): RunExecutionResult {
  const common = {
    id: toPublicId("run", run.id),
    taskIdentifier: run.taskId,
    usage: { durationMs: run.durationMs },
  };
  if (run.outcome === "completed") {
    return {
      ok: true,
      ...common,
      ...(run.output === null ? {} : { output: run.output }),
      outputType: run.outputType ?? "application/json",
    };
  }
  return {
    ok: false,
    ...common,
    error: run.error ?? { type: "STRING_ERROR", raw: `The run ended as ${run.outcome}.` },
  };
}

/**
 * Renders what became of an item of a batch.
 *
 * @param batchId - the public id of the batch
 * @param item - a finished run, or why there is none
 * @returns its result; an item without a run has the id of its place
 */
export function itemResult(batchId: string, item: RunResult | BatchItemRecord): RunExecutionResult {
  if ("outcome" in item) return executionResult(item);
  return {
    ok: false,
    id: `${batchId}_${item.index}`,
    taskIdentifier: item.taskId ?? "",
    error: { type: "INTERNAL_ERROR", code: "BATCH_ITEM_COULD_NOT_TRIGGER", message: item.error ?? "" },
  };
}
