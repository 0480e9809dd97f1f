// Checked by the type checker alone: what callers pass and get back, from a task's definition to its finished run.
import { z } from "zod";
import { type ApiPromise, type RunHandle, runs, type StandardSchema, schemaTask, task, tasks } from "./index.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Same<A, B>): void {}

const hello = task({ id: "hello", run: async (payload: { name: string }) => ({ greeting: `Hello, ${payload.name}` }) });
const tick = task({ id: "tick", run: async () => 1 });
const plain = task({
  id: "plain",
  run: (payload: Date, { ctx, signal }) => [ctx.run.id, signal.aborted, payload] as const,
});
const resize = schemaTask({
  id: "resize",
  schema: z.object({
    url: z.string(),
    width: z.number().default(800),
    at: z.string().transform((text) => new Date(text)),
  }),
  run: async (payload) => {
    same<typeof payload, { url: string; width: number; at: Date }>(true);
    return payload.width;
  },
});
const byFunction = schemaTask({
  id: "by-function",
  schema: (value: unknown) => Number(value),
  run: async (n) => n + 1,
});
const byAsyncFunction = schemaTask({
  id: "f",
  schema: async (value: unknown) => String(value),
  run: (text) => text.length,
});
declare const handMade: StandardSchema<"a" | "b", { letter: string }>;
const byHand = schemaTask({ id: "by-hand", schema: handMade, run: async ({ letter }) => letter });

export async function hasAnswersOfCalls() {
  const { data, response } = await runs.retrieve<typeof hello>("run_1").withResponse();
  same<typeof data.output, { greeting: string } | undefined>(true);
  same<typeof response, Response>(true);
  same<ReturnType<typeof runs.cancel>, ApiPromise<{ readonly id: string }>>(true);
  same<Awaited<ReturnType<ReturnType<typeof runs.list>["asResponse"]>>, Response>(true);
}

export async function triggersByInstance() {
  const handle = await hello.trigger({ name: "Ada" });
  same<typeof handle, RunHandle<"hello", { name: string }, { greeting: string }>>(true);
  await tick.trigger();
  await plain.trigger(new Date());
  await resize.trigger({ url: "a", at: "2026-01-01" });
  await byFunction.trigger(3);
  await byAsyncFunction.trigger("three");
  await byHand.trigger("a");
  await hello.batchTrigger([{ payload: { name: "Ada" }, options: { tags: ["a"] } }]);
  // @ts-expect-error the name is missing
  await hello.trigger({});
  // @ts-expect-error the payload is missing
  await hello.trigger();
  // @ts-expect-error the schema's input has no such letter
  await byHand.trigger("c");
  // @ts-expect-error a width is a number
  await resize.trigger({ url: "a", at: "2026-01-01", width: "wide" });
  // @ts-expect-error there is no such option
  await hello.trigger({ name: "Ada" }, { unknownOption: 1 });
}

export async function triggersById() {
  const handle = await tasks.trigger<typeof hello>("hello", { name: "Ada" });
  same<typeof handle, RunHandle<"hello", { name: string }, { greeting: string }>>(true);
  await tasks.trigger<typeof tick>("tick");
  await tasks.trigger<typeof resize>("resize", { url: "a", at: "2026-01-01" });
  await tasks.batchTrigger<typeof resize>("resize", [{ payload: { url: "a", at: "2026-01-01" } }]);
  await tasks.trigger("unknown-here", { whatever: 1 });
  // @ts-expect-error another task's id
  await tasks.trigger<typeof hello>("hallo", { name: "Ada" });
  // @ts-expect-error another task's payload
  await tasks.trigger<typeof hello>("hello", { title: "Ada" });
}

export async function retrieves() {
  const byHandle = await runs.retrieve(await hello.trigger({ name: "Ada" }));
  same<typeof byHandle.output, { greeting: string } | undefined>(true);
  same<typeof byHandle.payload, { name: string } | undefined>(true);
  same<typeof byHandle.createdAt, Date>(true);
  const byTask = await runs.retrieve<typeof resize>("run_1");
  same<typeof byTask.output, number | undefined>(true);
  const byTaskAndHandle = await runs.retrieve<typeof tick>(await tasks.trigger("tick", undefined));
  same<typeof byTaskAndHandle.output, number | undefined>(true);
  const untyped = await runs.retrieve("run_1");
  same<typeof untyped.output, unknown>(true);
  const polled = await runs.poll(await byHand.trigger("a"), { pollIntervalMs: 10 });
  same<typeof polled.output, string | undefined>(true);
  for await (const run of runs.list({ status: ["FAILED"], taskIdentifier: "hello" })) same<typeof run.id, string>(true);
  // @ts-expect-error no such status
  await runs.list({ status: "BROKEN" });
}
