import { setTimeout as delay } from "node:timers/promises";
import { AbortTaskRunError, queue, task } from "@pawl/sdk";
import { between, mark, untilOpen } from "../marks.ts";

/** Gives back what it was given. */
export const echo = task({
  id: "echo",
  run: async (payload: unknown, { ctx }) => between(ctx, () => payload),
});

/** Gives back what it knows of its run. */
export const inspect = task({
  id: "inspect",
  run: async (_payload: unknown, { ctx }) => ({
    run: ctx.run,
    queue: ctx.queue.name,
    attempt: ctx.attempt.number,
    batch: ctx.batch?.id,
    pid: process.pid,
  }),
});

/** Executes until a gate opens. */
export const gated = task({
  id: "gated",
  run: async ({ gate, fails }: { gate: string; fails?: boolean }, { ctx }) =>
    between(ctx, async () => {
      await untilOpen(gate);
      if (fails === true) throw new AbortTaskRunError("The gate opened for nothing.");
      return "open";
    }),
});

/** Executes for a while. */
export const lasting = task({
  id: "lasting",
  run: async ({ ms }: { ms: number }, { ctx }) => between(ctx, () => delay(ms, ms)),
});

/** Fails as often as it is told to. */
export const failing = task({
  id: "failing",
  run: async ({ times = Number.POSITIVE_INFINITY }: { times?: number }, { ctx }) =>
    between(ctx, () => {
      if (ctx.attempt.number <= times) throw new RangeError(`attempt ${ctx.attempt.number} fails`);
      return ctx.attempt.number;
    }),
});

/** Not worth its time after a second. */
export const shortLived = task({
  id: "short-lived",
  ttl: "1s",
  run: async (_payload: unknown, { ctx }) => between(ctx, () => "in time"),
});

/** One run at a time, in the queue of its task. */
export const inTurn = task({
  id: "in-turn",
  queue: { concurrencyLimit: 1 },
  run: async ({ gate, ms = 0 }: { gate?: string; ms?: number }, { ctx }) =>
    between(ctx, async () => {
      if (gate !== undefined) await untilOpen(gate);
      await delay(ms);
      return "in turn";
    }),
});

const pair = queue({ name: "pair", concurrencyLimit: 2 });

/** Two tasks that share a queue of two. */
export const sharedA = task({
  id: "shared-a",
  queue: pair,
  run: async ({ ms }: { ms: number }, { ctx }) => between(ctx, () => delay(ms, "a")),
});
export const sharedB = task({
  id: "shared-b",
  queue: pair,
  run: async ({ ms }: { ms: number }, { ctx }) => between(ctx, () => delay(ms, "b")),
});

/** Executes without a pause in which anything else could happen in its process. */
export const blocking = task({
  id: "blocking",
  run: async ({ ms }: { ms: number }, { ctx }) =>
    between(ctx, () => {
      const endsAtMs = Date.now() + ms;
      while (Date.now() < endsAtMs);
      return ms;
    }),
});

/** Says when its signal fires, and why. */
export const attentive = task({
  id: "attentive",
  retry: { maxAttempts: 1 },
  run: async ({ endsOnSignal }: { endsOnSignal: boolean }, { ctx, signal }) =>
    between(ctx, async () => {
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => {
          mark(ctx, "aborted", String(signal.reason));
          if (endsOnSignal) resolve();
        });
        setTimeout(resolve, 60_000);
      });
      return "ended by itself";
    }),
});
