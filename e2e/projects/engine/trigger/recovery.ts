import { task, wait } from "@pawl/sdk";
import { mark } from "../marks.ts";
import { echo, gated } from "./plain.ts";

const queue = { name: "held-back" };

/** A child whose queue a test holds back, so that it starts only after the loss. */
export const heldBack = task({
  id: "held-back",
  queue,
  run: async ({ number }: { number: number }, { ctx }) => {
    mark(ctx, "start", number);
    return number;
  },
});

/** Waits in turn for a child, a batch, a time and a token, and writes down what each was. */
export const survivor = task({
  id: "survivor",
  retry: { maxAttempts: 2, minTimeoutInMs: 10, maxTimeoutInMs: 10 },
  run: async ({ seconds }: { seconds: number }, { ctx }) => {
    mark(ctx, "start");
    const child = await heldBack.triggerAndWait({ number: 1 });
    mark(ctx, "child", child.id);
    const batch = await heldBack.batchTriggerAndWait([{ payload: { number: 2 } }, { payload: { number: 3 } }]);
    mark(ctx, "batch", [batch.id, ...batch.runs.map(({ id }) => id)]);
    await wait.for({ seconds });
    mark(ctx, "time");
    const token = await wait.createToken({ timeout: "1h" });
    mark(ctx, "token", token.id);
    const { ok } = await wait.forToken(token);
    return { ok, attempt: ctx.attempt.number };
  },
});

/** The same all at once. */
export const parallelSurvivor = task({
  id: "parallel-survivor",
  retry: { maxAttempts: 2, minTimeoutInMs: 10, maxTimeoutInMs: 10 },
  run: async ({ seconds }: { seconds: number }, { ctx }) => {
    mark(ctx, "start");
    const token = await wait.createToken({ timeout: "1h" });
    mark(ctx, "token", token.id);
    const [one, two, batch] = await Promise.all([
      heldBack.triggerAndWait({ number: 11 }),
      heldBack.triggerAndWait({ number: 12 }),
      heldBack.batchTriggerAndWait([{ payload: { number: 13 } }]),
      wait.for({ seconds }).then(() => mark(ctx, "time")),
      wait.forToken(token),
    ]);
    return { ids: [one.id, two.id, ...batch.runs.map(({ id }) => id)], attempt: ctx.attempt.number };
  },
});

/** Fails after its waits, which an ordinary second attempt makes anew. */
export const failsAfterWait = task({
  id: "fails-after-wait",
  retry: { maxAttempts: 2, minTimeoutInMs: 10, maxTimeoutInMs: 10 },
  run: async (_payload: unknown, { ctx }) => {
    const child = await echo.triggerAndWait("again");
    mark(ctx, "child", child.id);
    if (ctx.attempt.number === 1) throw new Error("after the wait");
    return child.id;
  },
});

/** Its code takes another way the second time. */
export const diverging = task({
  id: "diverging",
  retry: { maxAttempts: 2, minTimeoutInMs: 10, maxTimeoutInMs: 10 },
  run: async ({ gate, flag }: { gate: string; flag: string }, { ctx }) => {
    mark(ctx, "start");
    const { existsSync } = await import("node:fs");
    const isSecondTime = existsSync(flag);
    const payload = isSecondTime ? { number: 22 } : { number: 21 };
    const child = await heldBack.triggerAndWait(payload);
    if (isSecondTime) return child.ok ? child.output : null;
    await gated.triggerAndWait({ gate });
    return null;
  },
});
