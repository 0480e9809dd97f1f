// Checked by the type checker alone: what hooks receive, and what catchError may give.
import { z } from "zod";
import { type HookParams, schemaTask, type Task, task, tasks } from "../index.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Same<A, B>): void {}

export const hooked = task({
  id: "hooked",
  run: async (payload: { shop: string }) => payload.shop.length,
  onWait: async ({ wait }) => {
    if (wait.type === "batch") same<typeof wait.runCount, number>(true);
  },
  onResume: ({ wait }) => {
    if (wait.type === "duration") same<typeof wait.date, Date>(true);
  },
  onCancel: async ({ payload, runPromise, ctx, signal }) => {
    same<typeof payload, { shop: string }>(true);
    same<typeof runPromise, Promise<unknown>>(true);
    same<typeof signal, AbortSignal>(true);
    same<typeof ctx.run.id, string>(true);
  },
  catchError: async ({ error, retryDelayInMs }) => {
    same<typeof error, unknown>(true);
    if (error instanceof RangeError) return { skipRetrying: true };
    if (retryDelayInMs === undefined) return { error: new Error("the last attempt failed", { cause: error }) };
  },
});
same<typeof hooked, Task<"hooked", { shop: string }, number>>(true);

schemaTask({
  id: "parsed",
  schema: z.object({ at: z.string().transform((text) => new Date(text)) }),
  run: async ({ at }) => at.getTime(),
  onCancel: ({ payload }) => same<typeof payload, { at: Date }>(true),
  catchError: () => undefined,
});

task({
  id: "wrong",
  run: async () => {},
  // @ts-expect-error no such decision
  catchError: async () => ({ tryAgain: true }),
});

export const typed = task({
  id: "typed",
  init: async () => ({ count: 1 }),
  run: async (payload: { shop: string }, { init }) => {
    same<typeof init, { count: number }>(true);
    return payload.shop.length;
  },
  onSuccess: ({ output, init }) => {
    same<typeof output, number>(true);
    same<typeof init, { count: number }>(true);
  },
  onComplete: async ({ result }) => {
    if (result.ok) same<typeof result.data, number>(true);
    else same<typeof result.error, unknown>(true);
  },
  middleware: async ({ next }) => same<typeof next, () => Promise<void>>(true),
});
same<typeof typed, Task<"typed", { shop: string }, number>>(true);

export function registersGlobally() {
  tasks.middleware("db", async ({ next }) => next());
  tasks.onSuccess(({ output }) => same<typeof output, unknown>(true));
  tasks.onWait("close", async ({ wait }) => same<typeof wait, HookParams<"onWait">["wait"]>(true));
  tasks.catchError(({ error }) => (error instanceof TypeError ? { retryAt: new Date() } : undefined));
  tasks.handleError(async () => {});
  // @ts-expect-error a date
  tasks.catchError(() => ({ retryAt: "tomorrow" }));
}
