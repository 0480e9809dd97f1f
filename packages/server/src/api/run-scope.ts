import { toPublicId } from "@pawl/contract/ids";
import type { RunRecord } from "../engine/read-ports.ts";
import { type Caller, requireScope } from "./authentication.ts";
import { notFound } from "./validation.ts";

/**
 * Lets a caller read a run: the holder of a key, or of a public token for the run, its task, one of its tags or its batch.
 *
 * @param caller - who asks
 * @param id - the run's id as the caller gave it
 * @param run - the run; null when there is none
 * @throws ApiError `forbidden`, or `not_found` where the caller may know that
 */
export function requireRunRead<T extends Pick<RunRecord, "taskId" | "tags" | "batchId">>(
  caller: Caller,
  id: string,
  run: T | null,
): asserts run is T {
  requireScope(caller, "read", [
    ["runs", id],
    ...(run === null ? [] : [["tasks", run.taskId] as const, ...run.tags.map((tag) => ["tags", tag] as const)]),
    ...(run === null || run.batchId === null ? [] : [["batch", toPublicId("batch", run.batchId)] as const]),
  ]);
  if (run === null) throw notFound("run", id);
}
