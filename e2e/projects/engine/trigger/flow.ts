import { queue, task } from "@pawl/sdk";
import { between, untilOpen } from "../marks.ts";

/** Some twenty a second start, two of them at once. */
export const rated = task({
  id: "rated",
  queue: { name: "rated", combinedRateLimit: { limit: 20, period: "1s" } },
  retry: { maxAttempts: 2, minTimeoutInMs: 1, maxTimeoutInMs: 1 },
  run: async ({ fails }: { fails?: boolean }, { ctx }) =>
    between(ctx, () => {
      if (fails === true && ctx.attempt.number === 1) throw new Error("another attempt takes another token");
      return ctx.attempt.number;
    }),
});

/** Each key starts one run a minute. */
export const slow = task({
  id: "slow",
  queue: { name: "slow", rateLimit: { limit: 1, period: "1m" } },
  run: async (_payload: unknown, { ctx }) => between(ctx, () => "slow"),
});

const inOrder = queue({ name: "in-order-events", concurrencyLimit: 1 });

interface Event {
  readonly n: number;
  /** How many of its attempts fail. */
  readonly failures: number;
}

const execute = ({ n, failures }: Event, attempt: number): number => {
  if (attempt <= failures) throw new Error(`event ${n} fails`);
  return n;
};

/** Its next attempts are due so soon that they stay in their process. */
export const hastyEvent = task({
  id: "hasty-event",
  queue: inOrder,
  retry: { maxAttempts: 4, minTimeoutInMs: 30, maxTimeoutInMs: 30 },
  run: async (event: Event, { ctx }) => between(ctx, () => execute(event, ctx.attempt.number)),
});

/** Its next attempts are due so late that they are queued again. */
export const patientEvent = task({
  id: "patient-event",
  queue: inOrder,
  retry: { maxAttempts: 4, minTimeoutInMs: 1_200, maxTimeoutInMs: 1_200 },
  run: async (event: Event, { ctx }) => between(ctx, () => execute(event, ctx.attempt.number)),
});

/** Executes long enough for its worker to be killed meanwhile. */
export const longEvent = task({
  id: "long-event",
  queue: inOrder,
  retry: { maxAttempts: 4, minTimeoutInMs: 30, maxTimeoutInMs: 30 },
  run: async ({ n, gate }: { n: number; gate: string }, { ctx }) =>
    between(ctx, async () => {
      await untilOpen(gate);
      return n;
    }),
});
