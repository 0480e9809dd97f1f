import { logger, task, tasks, wait } from "@pawl/sdk";
import { mark, untilOpen } from "../marks.ts";
import { echo, failing, gated } from "./plain.ts";

/** Waits for a while and says how long it was. */
export const sleeper = task({
  id: "sleeper",
  run: async ({ seconds, key }: { seconds: number; key?: string }, { ctx }) => {
    mark(ctx, "start");
    await wait.for({ seconds, ...(key === undefined ? {} : { idempotencyKey: key }) });
    mark(ctx, "woke");
    return process.pid;
  },
});

export const waitsUntil = task({
  id: "waits-until",
  retry: { maxAttempts: 1 },
  run: async ({ date, throwIfInThePast = false }: { date: Date; throwIfInThePast?: boolean }, { ctx }) => {
    mark(ctx, "start");
    await wait.until({ date, throwIfInThePast });
    mark(ctx, "woke");
    return "woke";
  },
});

/** Fails once after a wait under a key, so that its second attempt need not wait again. */
export const waitsOnce = task({
  id: "waits-once",
  run: async ({ key, seconds }: { key: string; seconds: number }, { ctx }) => {
    mark(ctx, "start");
    await wait.for({ seconds, idempotencyKey: key });
    mark(ctx, "woke");
    if (ctx.attempt.number === 1) throw new Error("once more");
  },
});

/** Waits for a token that somebody else made. */
export const waitsForToken = task({
  id: "waits-for-token",
  retry: { maxAttempts: 1 },
  run: async ({ id }: { id: string }, { ctx }) => {
    mark(ctx, "start");
    const result = await wait.forToken<{ answer: unknown }>(id);
    mark(ctx, "woke");
    return result.ok
      ? { ok: true as const, output: result.output }
      : { ok: false as const, error: { name: result.error.name, message: result.error.message } };
  },
});

/** Makes a token, marks it, and waits for it. */
export const ownToken = task({
  id: "own-token",
  retry: { maxAttempts: 1 },
  run: async ({ timeout, unwraps = false }: { timeout?: string; unwraps?: boolean }, { ctx }) => {
    const token = await wait.createToken(timeout === undefined ? {} : { timeout });
    mark(ctx, "token", { id: token.id, url: token.url });
    if (unwraps) return { ok: true, output: await wait.forToken<unknown>(token).unwrap() };
    const result = await wait.forToken<unknown>(token);
    return result.ok ? { ok: true, output: result.output } : { ok: false, error: result.error.name };
  },
});

/** The same token for the same key, however often it is asked for. */
export const keyedToken = task({
  id: "keyed-token",
  run: async ({ key }: { key: string }) => {
    const first = await wait.createToken({ idempotencyKey: key, timeout: "1h", tags: ["a", "keyed"] });
    const second = await wait.createToken({ idempotencyKey: key, timeout: "1h" });
    return { first: first.id, second: second.id, isCached: second.isCached };
  },
});

/** One child, waited for, in every form that a parent may ask. */
export const parent = task({
  id: "parent",
  retry: { maxAttempts: 1 },
  run: async ({ payload, how = "instance" }: { payload: unknown; how?: "instance" | "id" | "unwrap" }, { ctx }) => {
    mark(ctx, "start");
    if (how === "unwrap") return { output: await echo.triggerAndWait(payload).unwrap() };
    const result =
      how === "id" ? await tasks.triggerAndWait<typeof echo>("echo", payload) : await echo.triggerAndWait(payload);
    mark(ctx, "woke");
    return result.ok
      ? { id: result.id, taskIdentifier: result.taskIdentifier, output: result.output }
      : { id: result.id };
  },
});

export const disappointed = task({
  id: "disappointed",
  retry: { maxAttempts: 1 },
  run: async ({ unwraps }: { unwraps: boolean }) => {
    const child = failing.triggerAndWait({}, { maxAttempts: 1 });
    if (!unwraps) {
      const result = await child;
      const error = result.ok ? null : (result.error as Error); // what a failed run's error is
      return { id: result.id, ok: result.ok, name: error?.name, message: error?.message };
    }
    try {
      await child.unwrap();
    } catch (error) {
      const { name, taskId, runId, cause } = error as Error & { taskId: string; runId: string }; // SubtaskUnwrapError
      return { id: runId, ok: false, name, taskId, message: cause instanceof Error ? cause.message : String(cause) };
    }
    return null;
  },
});

export const batchParent = task({
  id: "batch-parent",
  retry: { maxAttempts: 1 },
  run: async ({ count }: { count: number }) => {
    const items = Array.from({ length: count }, (_, number) => ({ payload: number }));
    const { runs } = await echo.batchTriggerAndWait(items);
    return runs.map((run) => (run.ok ? run.output : null));
  },
});

/** A child that waits at a gate, waited for or only triggered. */
export const guardian = task({
  id: "guardian",
  retry: { maxAttempts: 1 },
  run: async ({ gate, waits }: { gate: string; waits: boolean }, { ctx }) => {
    mark(ctx, "start");
    const child = waits ? await gated.triggerAndWait({ gate }) : await gated.trigger({ gate });
    mark(ctx, "woke", child.id);
    if (!waits) await untilOpen(gate);
    return child.id;
  },
});

/** Grandparent, parent and child, each waiting for the next. */
export const ancestor = task({
  id: "ancestor",
  retry: { maxAttempts: 1 },
  run: async ({ gate }: { gate: string }, { ctx }) => {
    mark(ctx, "start");
    return guardian.triggerAndWait({ gate, waits: true }).unwrap();
  },
});

/** Writes down what its hooks are told. */
export const hooked = task({
  id: "hooked",
  retry: { maxAttempts: 1 },
  run: async ({ seconds }: { seconds: number }, { ctx }) => {
    mark(ctx, "start");
    await wait.for({ seconds });
    await echo.triggerAndWait("for the hooks");
    await echo.batchTriggerAndWait([{ payload: 1 }, { payload: 2 }]);
    const token = await wait.createToken({ timeout: "1h" });
    mark(ctx, "token", { id: token.id });
    await wait.forToken(token);
    logger.info("All four are over");
    return process.pid;
  },
  onWait: ({ ctx, wait: about }) => mark(ctx, "onWait", about),
  onResume: ({ ctx, wait: about }) => mark(ctx, "onResume", about),
});

/** Moves much: its child's output is longer than a message of control. */
export const heavyParent = task({
  id: "heavy-parent",
  retry: { maxAttempts: 1 },
  run: async ({ length }: { length: number }) => {
    const output = await echo.triggerAndWait("x".repeat(length)).unwrap();
    const { runs } = await echo.batchTriggerAndWait([{ payload: "y".repeat(length) }, { payload: "z".repeat(length) }]);
    return [output, ...runs.map((run) => (run.ok ? run.output : ""))].map((text) => String(text).length);
  },
});
