import { AbortTaskRunError, task } from "@pawl/sdk";
import { between, mark } from "../marks.ts";

const once = ({ ctx }: { ctx: { attempt: { number: number } } }) => ctx.attempt.number === 1;

/** Its delay is long enough to leave its slot to others. */
export const retriesLate = task({
  id: "retries-late",
  queue: { name: "late", concurrencyLimit: 2 },
  retry: { maxAttempts: 2, minTimeoutInMs: 1_500, maxTimeoutInMs: 1_500 },
  run: async ({ fails }: { fails: boolean }, { ctx }) =>
    between(ctx, () => {
      if (fails && ctx.attempt.number === 1) throw new Error("later");
      return process.pid;
    }),
});

/** Its delay is short, and it keeps its slot. */
export const retriesSoon = task({
  id: "retries-soon",
  queue: { name: "soon", concurrencyLimit: 1 },
  retry: { maxAttempts: 3, minTimeoutInMs: 200, maxTimeoutInMs: 200 },
  run: async ({ failures }: { failures: number }, { ctx }) =>
    between(ctx, () => {
      if (ctx.attempt.number <= failures) throw new Error("soon");
      return process.pid;
    }),
});

export const aborts = task({
  id: "aborts",
  run: async (_payload: unknown, { ctx }) =>
    between(ctx, () => {
      throw new AbortTaskRunError("The card was refused.");
    }),
});

/** Its hook decides what follows a failure. */
export const caught = task({
  id: "caught",
  retry: { maxAttempts: 2, minTimeoutInMs: 60_000, maxTimeoutInMs: 60_000 },
  run: async (_payload: { decision: string }, { ctx }) => {
    mark(ctx, "start");
    if (once({ ctx })) throw new RangeError("the first one");
    return ctx.attempt.number;
  },
  catchError: async ({ ctx, error, payload, retryDelayInMs, retryAt }) => {
    mark(ctx, "catchError", { message: (error as Error).message, retryDelayInMs, hasTime: retryAt instanceof Date });
    switch (payload.decision) {
      case "skip":
        return { skipRetrying: true };
      case "at":
        return { retryAt: new Date(Date.now() + 300) };
      case "delay":
        return { retryDelayInMs: 50 };
      case "policy":
        return { retry: { maxAttempts: 4, minTimeoutInMs: 20, maxTimeoutInMs: 20 } };
      case "error":
        return { skipRetrying: true, error: new TypeError("another one") };
      default:
        return undefined;
    }
  },
});

/** Fails outside of its own code's reach. */
export const unhandled = task({
  id: "unhandled",
  retry: { maxAttempts: 1 },
  run: async ({ by }: { by: "exception" | "rejection" }, { ctx }) => {
    mark(ctx, "start");
    if (by === "exception") setTimeout(() => nobodyCatches(), 10);
    else void Promise.reject(new RangeError("nobody catches this"));
    await new Promise((resolve) => setTimeout(resolve, 20_000));
  },
});

function nobodyCatches(): never {
  throw new RangeError("nobody catches this");
}
