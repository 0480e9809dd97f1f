import { idempotencyKeys, runs, tasks } from "@trigger.dev/sdk";
import type { processData } from "../trigger/tasks.ts";

// As an API handler: by the id of the task, with its type alone.
const handle = await tasks.trigger<typeof processData>("process-data", {
  userId: "123",
  data: [{ id: 1 }, { id: 2 }],
});
const run = await runs.poll(handle, { pollIntervalMs: 50 });
const items: number | undefined = run.output?.items;
const found = await runs.retrieve(handle.id);

const delayed = await tasks.trigger<typeof processData>(
  "process-data",
  { userId: "123" },
  {
    delay: "1h",
    ttl: "10m",
    idempotencyKey: await idempotencyKeys.create("my-idempotency-key"),
    idempotencyKeyTTL: "1h",
    queue: "my-queue",
    machine: "small-1x",
    maxAttempts: 3,
    tags: ["my-tag"],
    region: "us-east-1",
  },
);
const again = await tasks.trigger<typeof processData>(
  "process-data",
  { userId: "123" },
  { idempotencyKey: await idempotencyKeys.create("my-idempotency-key") },
);
const waiting = await runs.retrieve(delayed.id);
const ids = async (list: ReturnType<typeof runs.list>) => (await list).data.map(({ id }) => id);
const by = {
  queue: await ids(runs.list({ queue: { type: "custom", name: "my-queue" } })),
  machine: await ids(runs.list({ machine: "small-1x", tag: "my-tag" })),
  region: await ids(runs.list({ region: "us-east-1" })),
};
await runs.cancel(delayed.id);
const cancelled = await runs.retrieve(delayed.id);

const batchHandle = await tasks.batchTrigger<typeof processData>("process-data", [
  { payload: { userId: "123" }, options: { idempotencyKey: await idempotencyKeys.create("my-idempotency-key-1") } },
  { payload: { userId: "456" }, options: { idempotencyKey: await idempotencyKeys.create("my-idempotency-key-2") } },
]);

async function refusesWrongPayloads(): Promise<void> {
  // @ts-expect-error: the type of the task says what it takes
  await tasks.trigger<typeof processData>("process-data", { userId: 123 });
  // @ts-expect-error: and what its id is
  await tasks.trigger<typeof processData>("process-date", { userId: "123" });
}

console.log(
  JSON.stringify({
    status: run.status,
    items,
    found: found.id === handle.id,
    waiting,
    by,
    delayedId: delayed.id,
    again: { id: again.id, isCached: again.isCached },
    cancelled: cancelled.status,
    batch: { id: batchHandle.batchId, runCount: batchHandle.runCount },
    checked: typeof refusesWrongPayloads,
  }),
);
