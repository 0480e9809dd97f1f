import type { BulkFilter, CreateBulkActionBody } from "@pawl/contract/api/bulk-actions";
import { statusFilter } from "@pawl/contract/run-state";
import type { BulkSelection } from "../engine/bulk-ports.ts";
import type { RunFilter } from "../engine/read-ports.ts";
import { createdBetween, filled } from "./list-query.ts";
import { publicIdReader } from "./public-ids.ts";
import { idOf } from "./run-list-query.ts";

/**
 * Reads which runs a bulk action is about.
 *
 * @param body - the body of the call: one of `filter`, `runIds` and `all`
 * @param nowMs - the time that a period counts back from, in milliseconds since 1970
 * @returns the runs
 * @throws ApiError that names the field which is wrong
 */
export function bulkSelection({ filter, runIds }: CreateBulkActionBody, nowMs: number): BulkSelection {
  if (runIds === undefined) return { filter: runFilter(filter ?? {}, nowMs) };
  const read = publicIdReader("run");
  return { runIds: [...new Set(runIds.map((id, index) => read(id, `runIds.${index}`)))] };
}

/** A period is counted back from the call, not from when the action comes to a run. */
function runFilter(filter: Partial<BulkFilter>, nowMs: number): RunFilter {
  return {
    taskIds: filled(filter.taskIdentifier, "filter.taskIdentifier"),
    standing: filter.status === undefined ? null : statusFilter(filter.status),
    queueNames: filled(filter.queue, "filter.queue"),
    versionLabels: filled(filter.version, "filter.version"),
    tags: filled(filter.tag, "filter.tag"),
    machines: filled(filter.machine, "filter.machine"),
    regions: filled(filter.region, "filter.region"),
    batchId: idOf(filter.batch, "batch", "filter.batch"),
    scheduleId: idOf(filter.schedule, "sched", "filter.schedule"),
    bulkActionId: idOf(filter.bulkAction, "bulk", "filter.bulkAction"),
    isTest: filter.isTest ?? null,
    ...createdBetween(filter, nowMs, (name) => `filter.${name}`),
  };
}
