import { runs, task, tasks } from "@trigger.dev/sdk";
import type { processData } from "./tasks.ts";

/** Triggers a task of another file, whose code it does not import. */
export const triggerElsewhere = task({
  id: "child.file.trigger",
  retry: { maxAttempts: 1 },
  run: async ({ userId }: { userId: string }) => {
    const result = await tasks.triggerAndWait<typeof processData>("process-data", { userId, data: [{ id: 1 }] });
    if (!result.ok) throw result.error;
    const items: number = result.output.items;
    const handle = await tasks.trigger<typeof processData>("process-data", { userId }, { idempotencyKey: userId });
    const run = await runs.retrieve(handle.id);
    return { items, task: run.taskIdentifier };
  },
});
