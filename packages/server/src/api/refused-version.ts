import type { TaskManifest } from "@pawl/contract/task-manifest";
import type { RefusedDeclaration } from "../engine/schedule-ports.ts";
import { ApiError } from "./errors.ts";

/**
 * Says what is wrong with the schedules that a version declares, each in a line of its own, at its file.
 *
 * @param refused - what is wrong
 * @returns the error to answer with
 */
export function refusedDeclarations(refused: readonly RefusedDeclaration[]): ApiError {
  const lines = refused.map(
    ({ taskId, filePath, reason }) => `${filePath}: the schedule of the task "${taskId}": ${reason}`,
  );
  return new ApiError("unprocessable", lines.join("\n"), "tasks");
}

/**
 * Refuses a version of which two tasks have one id.
 *
 * @param tasks - the version's tasks
 * @throws ApiError `invalid_request` that names both files
 */
export function refuseDuplicates(tasks: readonly Pick<TaskManifest, "id" | "filePath">[]): void {
  const fileOf = new Map<string, string>();
  for (const task of tasks) {
    const file = fileOf.get(task.id);
    if (file !== undefined) {
      const message = `Two tasks have the id ${task.id}: one in ${file}, one in ${task.filePath}. Give one of them another id.`;
      throw new ApiError("invalid_request", message, "tasks");
    }
    fileOf.set(task.id, task.filePath);
  }
}
