import { batch, task } from "@pawl/sdk";
import { echo, failing, type lasting } from "./plain.ts";

export const mixedBatch = task({
  id: "mixed-batch",
  retry: { maxAttempts: 1 },
  run: async () => {
    const byId = await batch.triggerAndWait<typeof echo | typeof lasting>([
      { id: "echo", payload: "one" },
      { id: "lasting", payload: { ms: 30 } },
      { id: "echo", payload: "two" },
    ]);
    const byTask = await batch.triggerByTaskAndWait([
      { task: echo, payload: "three" },
      { task: failing, payload: {}, options: { maxAttempts: 1 } },
    ]);
    return {
      byId: byId.runs.map((run) => `${run.taskIdentifier}:${run.ok ? run.output : ""}`),
      byTask: byTask.runs.map((run) => `${run.taskIdentifier}:${run.ok ? run.output : (run.error as Error).name}`),
    };
  },
});

export const streamedBatch = task({
  id: "streamed-batch",
  retry: { maxAttempts: 1 },
  run: async ({ count }: { count: number }) => {
    const items = async function* () {
      for (let number = 0; number < count; number++) yield { payload: number };
    };
    const { runs } = await echo.batchTriggerAndWait(items());
    return runs.map((run) => (run.ok ? run.output : null));
  },
});

/** One of its items names a version that does not exist. */
export const unmadeItems = task({
  id: "unmade-items",
  retry: { maxAttempts: 1 },
  run: async () => {
    const items = [{ payload: 1 }, { payload: 2, options: { queue: "q".repeat(129) } }, { payload: 3 }];
    const { runs } = await echo.batchTriggerAndWait(items);
    return runs.map((run) => (run.ok ? run.output : (run.error as Error).name));
  },
});
