import { createApiClient } from "./api/client.ts";
import type { Credentials } from "./api/credentials.ts";
import { createQueueClient, queueName } from "./api/queues.ts";
import type { RunFilter } from "./api/run-filter.ts";
import { closest } from "./closest.ts";

/**
 * Looks in a filter that no run matches for tasks and queues that are not there now, which most often is a typing error.
 *
 * @param filter - which runs
 * @param credentials - the server and the key
 * @returns a sentence for each such name, with the one that was probably meant
 */
export async function misspeltNames(
  { taskIds = [], queues = [] }: RunFilter,
  credentials: Credentials,
): Promise<readonly string[]> {
  const lines: string[] = [];
  if (taskIds.length > 0) {
    const { tasks } = await createApiClient(credentials).listTasks();
    const known = tasks.map(({ id }) => id);
    lines.push(...missing("task", taskIds, known));
  }
  if (queues.length > 0) {
    const { data } = await createQueueClient(credentials).list(1);
    lines.push(...missing("queue", queues, data.map(queueName)));
  }
  return lines;
}

function missing(noun: string, wanted: readonly string[], known: readonly string[]): readonly string[] {
  return wanted
    .filter((name) => !known.includes(name))
    .map((name) => {
      const meant = closest(name, known) ?? known.find((other) => other === `task/${name}`);
      return `There is no ${noun} ${name} now${meant === undefined ? "." : `: did you mean ${meant}?`}`;
    });
}
