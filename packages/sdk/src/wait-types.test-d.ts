// Checked by the type checker alone: what triggers, waits, batches and queues take and give.
import { z } from "zod";
import {
  type BatchHandle,
  batch,
  type IdempotencyKey,
  idempotencyKeys,
  queue,
  queues,
  type RetrievedRun,
  runs,
  schemaTask,
  type TaskRunResult,
  task,
  tasks,
  type WaitpointTimeoutError,
  wait,
} from "./index.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Same<A, B>): void {}

const hello = task({ id: "hello", run: async (payload: { name: string }) => ({ greeting: `Hello, ${payload.name}` }) });
const tick = task({ id: "tick", run: async () => 1 });
const resize = schemaTask({
  id: "resize",
  schema: z.object({ width: z.number().default(800) }),
  run: async ({ width }) => String(width),
});
type Greeting = { greeting: string };

export async function triggersWithEveryOption() {
  const idempotencyKey = await idempotencyKeys.create(["a", "b"], { scope: "attempt" });
  same<typeof idempotencyKey, IdempotencyKey>(true);
  await hello.trigger(
    { name: "Ada" },
    {
      delay: "1h",
      ttl: "10m",
      idempotencyKey,
      idempotencyKeyTTL: "1h",
      queue: "my-queue",
      concurrencyKey: "tenant",
      priority: 10,
      machine: "small-1x",
      maxAttempts: 3,
      maxDuration: 60,
      tags: ["my-tag"],
      metadata: { step: 1 },
      region: "us-east-1",
      version: "20250228.1",
    },
  );
  await hello.trigger({ name: "Ada" }, { delay: new Date(), ttl: 60, idempotencyKey: "text", tags: "one" });
  await hello.trigger({ name: "Ada" }, { idempotencyKey: ["a", "b"] });
  // @ts-expect-error a queue is named
  await hello.trigger({ name: "Ada" }, { queue: { name: "my-queue" } });
  // @ts-expect-error no such machine
  await hello.trigger({ name: "Ada" }, { machine: "huge" });
  // @ts-expect-error metadata is an object
  await hello.trigger({ name: "Ada" }, { metadata: "text" });
  // @ts-expect-error no such scope
  await idempotencyKeys.create("a", { scope: "task" });
  await idempotencyKeys.reset("hello", "a", { scope: "run", parentRunId: "run_1" });
}

export async function waitsForRuns() {
  const result = await hello.triggerAndWait({ name: "Ada" }, { queue: "q" });
  same<typeof result, TaskRunResult<"hello", Greeting>>(true);
  if (result.ok) same<typeof result.output, Greeting>(true);
  else same<typeof result.error, Error>(true);
  const output = await hello.triggerAndWait({ name: "Ada" }).unwrap();
  same<typeof output, Greeting>(true);
  same<number, Awaited<ReturnType<ReturnType<typeof tick.triggerAndWait>["unwrap"]>>>(true);
  const byId = await tasks.triggerAndWait<typeof resize>("resize", {}).unwrap();
  same<typeof byId, string>(true);
  await tasks.triggerAndWait<typeof tick>("tick");
  const untyped = await tasks.triggerAndWait("whatever", { a: 1 });
  if (untyped.ok) same<typeof untyped.output, unknown>(true);
  const mixed = await Promise.all([
    hello.triggerAndWait({ name: "Ada" }),
    wait.for({ minutes: 1 }),
    tick.triggerAndWait(),
  ]);
  same<(typeof mixed)[0], TaskRunResult<"hello", Greeting>>(true);
  same<(typeof mixed)[2], TaskRunResult<"tick", number>>(true);
  // @ts-expect-error the name is missing
  await hello.triggerAndWait({});
  // @ts-expect-error a run that is waited for has the version of the one that waits
  await hello.triggerAndWait({ name: "Ada" }, { version: "20250228.1" });
  // @ts-expect-error another task's id
  await tasks.triggerAndWait<typeof hello>("hallo", { name: "Ada" });
}

export async function waitsForBatches() {
  const { id, runs: results } = await hello.batchTriggerAndWait([{ payload: { name: "Ada" }, options: { tags: "a" } }]);
  same<typeof id, string>(true);
  same<typeof results, readonly TaskRunResult<"hello", Greeting>[]>(true);
  const byId = await tasks.batchTriggerAndWait<typeof resize>("resize", [{ payload: { width: 1 } }], {
    idempotencyKey: "k",
  });
  for (const run of byId.runs) if (run.ok) same<typeof run.output, string>(true);

  const mixed = await batch.triggerAndWait<typeof hello | typeof tick>([
    { id: "hello", payload: { name: "Ada" } },
    { id: "tick" },
  ]);
  for (const run of mixed.runs) {
    if (run.ok && run.taskIdentifier === "hello") same<typeof run.output, Greeting>(true);
    if (run.ok && run.taskIdentifier === "tick") same<typeof run.output, number>(true);
  }
  const {
    runs: [first, second],
  } = await batch.triggerByTaskAndWait([{ task: hello, payload: { name: "Ada" } }, { task: tick }]);
  same<typeof first, TaskRunResult<"hello", Greeting>>(true);
  same<typeof second, TaskRunResult<"tick", number>>(true);

  const handle = await batch.triggerByTask([
    { task: hello, payload: { name: "Ada" } },
    { task: resize, payload: {} },
  ]);
  same<typeof handle, BatchHandle>(true);
  async function* items() {
    yield { task: tick };
  }
  const streamed = await batch.triggerByTaskAndWait(items());
  for (const run of streamed.runs) if (run.ok) same<typeof run.output, number>(true);
  await batch.trigger([{ id: "whatever", payload: 5 }]);
  const found = await batch.retrieve(handle);
  same<typeof found.createdAt, Date>(true);
  // @ts-expect-error the payload of another task
  await batch.trigger<typeof hello | typeof tick>([{ id: "hello", payload: { title: "Ada" } }]);
  // @ts-expect-error no such task in the batch
  await batch.trigger<typeof hello>([{ id: "tick" }]);
  // @ts-expect-error the name is missing
  await batch.triggerByTask([{ task: hello, payload: {} }]);
  // @ts-expect-error the payload is missing
  await hello.batchTrigger([{}]);
  // @ts-expect-error a run that is waited for has the version of the one that waits
  await hello.batchTriggerAndWait([{ payload: { name: "Ada" }, options: { version: "1" } }]);
}

export async function readsItemsFromAnywhere(stream: ReadableStream<{ payload: { name: string } }>) {
  async function* items() {
    yield { payload: { name: "Ada" } };
  }
  await hello.batchTrigger(items());
  await hello.batchTrigger(stream);
  await hello.batchTriggerAndWait(new Set([{ payload: { name: "Ada" } }]));
  await tasks.batchTrigger<typeof hello>("hello", stream);
  async function* others() {
    yield { payload: { title: "Ada" } };
  }
  // @ts-expect-error items of another task
  await hello.batchTrigger(others());
}

export async function waitsForTimesAndTokens() {
  await wait.for({ seconds: 5 });
  await wait.for({ years: 1, idempotencyKey: "k", idempotencyKeyTTL: "1d" });
  await wait.until({ date: new Date(), throwIfInThePast: true });
  const token = await wait.createToken({ timeout: "10m", tags: ["a"] });
  same<typeof token.url, string>(true);
  const result = await wait.forToken<{ approved: boolean }>(token);
  if (result.ok) same<typeof result.output, { approved: boolean }>(true);
  else same<typeof result.error, WaitpointTimeoutError>(true);
  const { approved } = await wait.forToken<{ approved: boolean }>(token.id).unwrap();
  same<typeof approved, boolean>(true);
  const { success } = await wait.completeToken<{ approved: boolean }>(token, { approved: true });
  same<typeof success, true>(true);
  for await (const listed of wait.listTokens({ status: "WAITING" })) same<typeof listed.createdAt, Date>(true);
  const found = await wait.retrieveToken<number>(token);
  same<typeof found.output, number | undefined>(true);
  // @ts-expect-error a length is needed
  await wait.for({});
  // @ts-expect-error no such unit
  await wait.for({ fortnights: 1 });
  // @ts-expect-error no such status
  await wait.listTokens({ status: "DONE" });
}

export async function controlsRunsAndQueues() {
  const handle = await hello.trigger({ name: "Ada" });
  same<{ readonly id: string }, Awaited<ReturnType<typeof runs.cancel>>>(true);
  await runs.replay(handle, { payload: { name: "Grace" }, queue: "q" });
  await runs.replay<typeof resize>("run_1", { payload: { width: 5 } });
  await runs.replay("run_1");
  const moved = await runs.reschedule<typeof hello>(handle, { delay: new Date() });
  same<typeof moved, RetrievedRun<{ name: string }, Greeting>>(true);
  // @ts-expect-error the payload of another task
  await runs.replay(handle, { payload: { title: "Grace" } });
  const mail = queue({ name: "mail", concurrencyLimit: 5, combinedConcurrencyLimit: 50 });
  task({ id: "limited", queue: mail, run: () => 1 });
  task({ id: "limited", queue: { concurrencyLimit: 1 }, run: () => 1 });
  const found = await queues.retrieve({ type: "custom", name: "mail" });
  same<typeof found.running, number>(true);
  const page = await queues.list({ page: 2 });
  same<typeof page.pagination.totalPages, number>(true);
  for await (const listed of queues.list()) same<typeof listed.paused, boolean>(true);
  // @ts-expect-error a queue of a task or a custom one
  await queues.pause({ type: "other", name: "mail" });
}
