// Checked by the type checker alone: clients for one target, tools for models, spans, usage, and what handles carry.
import { z } from "zod";
import { ai } from "./ai.ts";
import {
  type Context,
  type LiveRun,
  logger,
  type RetrievedRun,
  type RunHandle,
  schemaTask,
  type Task,
  TriggerClient,
  task,
  timeout,
  usage,
} from "./index.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Same<A, B>): void {}

const hello = task({ id: "hello", run: async (payload: { name: string }) => ({ greeting: payload.name }) });
const tick = task({ id: "tick", maxDuration: timeout.None, run: async () => 1 });
const weather = schemaTask({
  id: "weather",
  schema: z.object({ city: z.string() }),
  run: async ({ city }) => ({ city, degrees: 21 }),
});

export async function clients() {
  const client = new TriggerClient({ accessToken: "tr_1", baseURL: "http://localhost:3030", inheritContext: true });
  const handle = await client.tasks.trigger<typeof hello>("hello", { name: "Ada" });
  same<typeof handle, RunHandle<"hello", { name: string }, { greeting: string }>>(true);
  const run = await client.runs.retrieve(handle);
  same<typeof run, RetrievedRun<{ name: string }, { greeting: string }>>(true);
  const polled = await client.runs.poll<typeof tick>("run_1");
  same<typeof polled.output, number | undefined>(true);
  for await (const live of client.runs.subscribeToRun(handle)) {
    same<typeof live, LiveRun<{ name: string }, { greeting: string }, "hello">>(true);
  }
  const result = await client.tasks.triggerAndSubscribe<typeof hello>("hello", { name: "Ada" });
  if (result.ok) same<typeof result.output, { greeting: string }>(true);
  await client.batch.triggerByTask([{ task: hello, payload: { name: "Ada" } }, { task: tick }]);
  await client.tasks.trigger<typeof hello>(
    "hello",
    { name: "Ada" },
    {},
    { publicAccessToken: { expirationTime: "1h" } },
  );
  // @ts-expect-error the payload of the task
  await client.tasks.trigger<typeof hello>("hello", { nam: "Ada" });
  // @ts-expect-error a client does not wait
  client.tasks.triggerAndWait;
  // @ts-expect-error a client does not wait
  client.wait.for;
  // @ts-expect-error a client defines no tasks
  client.schedules.task;
  // @ts-expect-error no such setting
  new TriggerClient({ baseUrl: "http://localhost:3030" });
}

export function tools() {
  const execute = ai.toolExecute(weather);
  same<ReturnType<typeof execute>, Promise<{ city: string; degrees: number }>>(true);
  same<Parameters<typeof execute>[0], { city: string }>(true);
  const whole = ai.tool(weather);
  same<typeof whole.inputSchema, typeof weather.schema>(true);
  same<typeof whole.execute, typeof execute>(true);
  same<ReturnType<typeof ai.toolCallId>, string | undefined>(true);
  // @ts-expect-error without a schema a model has nothing to go by
  ai.tool(hello);
}

export async function spans() {
  const rows = await logger.trace("read", async (span) => {
    span.setAttribute("a", 1).setAttributes({ b: 2 });
    return [1];
  });
  same<typeof rows, number[]>(true);
  same<ReturnType<typeof logger.info>, void>(true);
  const { result, compute } = await usage.measure(() => "a");
  same<typeof result, string>(true);
  same<typeof compute.durationMs, number>(true);
}

export const tells = task({
  id: "tells",
  run: async (_payload: undefined, { ctx }) => {
    same<typeof ctx, Context>(true);
    same<typeof ctx.environment.type, "PRODUCTION" | "STAGING" | "DEVELOPMENT" | "PREVIEW">(true);
    same<typeof ctx.run.idempotencyKeyScope, "run" | "attempt" | "global" | undefined>(true);
    return ctx.attempt.number;
  },
});
same<typeof tells, Task<"tells", undefined, number>>(true);
