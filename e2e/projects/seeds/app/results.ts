import { runs, tasks } from "@trigger.dev/sdk";
import type { triggerElsewhere } from "../trigger/elsewhere.ts";
import { processData, type readResults, type showRelease, type triggerOnce } from "../trigger/tasks.ts";

// By the instance of the task.
const handle = await processData.trigger({ userId: "123", data: [{ id: 1 }, { id: 2 }] });
const instance = await runs.poll(handle, { pollIntervalMs: 50 });
const refused = await processData
  // @ts-expect-error: the schema says what it takes
  .trigger({ userId: 123 })
  .catch((error: unknown) => (error instanceof Error ? error.name : "no error"));

const read = await runs.poll(await tasks.trigger<typeof readResults>("result.value.read"), { pollIntervalMs: 50 });
const once = await Promise.all(
  [1, 2].map(async () =>
    runs.poll(await tasks.trigger<typeof triggerOnce>("child.run.once", { shared: "shared" }), { pollIntervalMs: 50 }),
  ),
);
const elsewhere = await runs.poll(await tasks.trigger<typeof triggerElsewhere>("child.file.trigger", { userId: "7" }), {
  pollIntervalMs: 50,
});
const release = await runs.poll(await tasks.trigger<typeof showRelease>("release.name.show"), { pollIntervalMs: 50 });

console.log(
  JSON.stringify({
    instance: instance.output?.items,
    refused,
    read: read.output,
    once: once.map(({ output }) => output),
    elsewhere: elsewhere.output,
    release: release.output,
    attempts: once.map(({ attemptCount }) => attemptCount),
  }),
);
