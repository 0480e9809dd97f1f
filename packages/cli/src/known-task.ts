import type { TaskList } from "@pawl/contract/task-manifest";
import { closest } from "./closest.ts";
import { CommandError } from "./command-error.ts";

const anyway = "add --anyway to trigger it all the same; the run then waits for a version that has it";

/**
 * Refuses a task that the current version does not have, which most often is a typing error.
 *
 * @param taskId - the task that is named
 * @param known - the tasks of the current version
 * @param options - `hasAnyway`: whether the command can go on all the same with `--anyway`
 * @throws CommandError that names the task that was probably meant, or all that there are
 */
export function refuseUnknownTask(
  taskId: string,
  known: TaskList,
  { hasAnyway }: { readonly hasAnyway: boolean },
): void {
  if (known.version === null) {
    throw new CommandError(
      `There is no task ${taskId}, since no worker has brought any yet: start "pawl dev" or "pawl worker"${hasAnyway ? `, or ${anyway}` : ""}.`,
    );
  }
  const ids = known.tasks.map((task) => task.id);
  if (ids.includes(taskId)) return;
  const meant = closest(taskId, ids);
  const sentence = `Version ${known.version} has no task ${taskId}`;
  if (meant !== null) {
    throw new CommandError(`${sentence}: did you mean ${meant}?${hasAnyway ? ` If not, ${anyway}.` : ""}`);
  }
  throw new CommandError(`${sentence}: choose one of these${hasAnyway ? `, or ${anyway}` : ""}.`, { details: ids });
}
