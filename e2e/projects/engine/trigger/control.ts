import { setTimeout as delay } from "node:timers/promises";
import { task, wait } from "@pawl/sdk";
import { mark } from "../marks.ts";
import { gated } from "./plain.ts";

/** Ends in its own way when it is cancelled. */
export const cancelled = task({
  id: "cancelled",
  queue: { name: "cancelled" },
  retry: { maxAttempts: 3 },
  run: async ({ tokenId }: { tokenId?: string }, { ctx, signal }) => {
    mark(ctx, "start");
    signal.addEventListener("abort", () => mark(ctx, "aborted"));
    if (tokenId !== undefined) await wait.forToken(tokenId);
    await delay(60_000, undefined, { signal });
  },
  onCancel: async ({ ctx, runPromise }) => {
    mark(ctx, "onCancel");
    await runPromise.catch(() => undefined);
    mark(ctx, "ran out");
  },
});

/** Takes no notice of its cancellation. */
export const stubborn = task({
  id: "stubborn",
  retry: { maxAttempts: 3 },
  run: async ({ tokenId }: { tokenId?: string }, { ctx }) => {
    mark(ctx, "start");
    if (tokenId !== undefined) await wait.forToken(tokenId);
    await delay(120_000);
  },
  onCancel: async ({ ctx }) => {
    mark(ctx, "onCancel");
    await delay(120_000);
  },
});

/** Waits for a time in a queue of one, so that another run can have its slot when the time is over. */
export const resumesLate = task({
  id: "resumes-late",
  queue: { name: "resuming", concurrencyLimit: 1 },
  retry: { maxAttempts: 1 },
  run: async ({ seconds }: { seconds: number }, { ctx }) => {
    mark(ctx, "start");
    await wait.for({ seconds });
    mark(ctx, "woke");
  },
  onCancel: async ({ ctx }) => mark(ctx, "onCancel"),
});

/** Makes children of every kind, and waits for the last. */
export const family = task({
  id: "family",
  retry: { maxAttempts: 1 },
  run: async ({ gate, children }: { gate: string; children: number }, { ctx }) => {
    const single = await gated.trigger({ gate });
    const delayed = await gated.trigger({ gate }, { delay: "1h" });
    const { batchId } = await gated.batchTrigger(
      Array.from({ length: children }, () => ({ payload: { gate }, options: { delay: "1h" } })),
    );
    mark(ctx, "children", { ids: [single.id, delayed.id], batchId });
    await gated.triggerAndWait({ gate });
  },
});

/** Executes for longer than it may. */
export const overtime = task({
  id: "overtime",
  maxDuration: 1,
  retry: { maxAttempts: 2, minTimeoutInMs: 10, maxTimeoutInMs: 10 },
  run: async ({ blocks = false, short = false }: { blocks?: boolean; short?: boolean }, { ctx, signal }) => {
    mark(ctx, "start");
    signal.addEventListener("abort", () => mark(ctx, "aborted"));
    if (short && ctx.attempt.number === 1) {
      await delay(700);
      throw new Error("the second attempt has its own second");
    }
    if (short) return await delay(700, "in time");
    while (blocks);
    return await delay(60_000, "too late", { signal });
  },
});
