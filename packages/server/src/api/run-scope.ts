import { toPublicId } from "@pawl/contract/ids";
import type { RunFilter, RunRecord } from "../engine/read-ports.ts";
import { type Caller, requireScope } from "./authentication.ts";
import { isCovered } from "./public-token.ts";
import { notFound } from "./validation.ts";

/** The scopes that let a public token read a run, as the API's document writes them. */
export const runReadScopes = [
  "read:runs:{runId}",
  "read:tasks:{task}",
  "read:tags:{tag}",
  "read:batch:{batch}",
] as const;

/**
 * Names what the token of a run's handle allows: to show the run in a page, and to answer what it asks there.
 *
 * @param id - of the run
 * @returns the scopes
 * @example
 * ```ts
 * signPublicToken(handleScopes("run_…"));
 * ```
 */
export function handleScopes(id: string): readonly string[] {
  return [`read:runs:${id}`, `write:inputStreams:${id}`];
}

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

/**
 * Lets a caller list runs: the holder of a key, or of a public token for all runs, or for every task or every tag or the batch
 * that the list is of.
 *
 * @param caller - who asks
 * @param filter - which runs it asks for
 * @throws ApiError `forbidden`
 */
export function requireRunListRead(caller: Caller, filter: RunFilter): void {
  const { scopes } = caller;
  if (scopes === null) return;
  const covers = (type: string, ids: readonly string[] | null) =>
    ids?.every((id) => isCovered(scopes, "read", [[type, id]])) === true;
  const batchIds = filter.batchId === null ? null : [toPublicId("batch", filter.batchId)];
  if (covers("tasks", filter.taskIds) || covers("tags", filter.tags) || covers("batch", batchIds)) return;
  requireScope(caller, "read", [["runs", "*"]]);
}
