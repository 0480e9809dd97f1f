import { idempotencyKeys, task } from "@pawl/sdk";
import { mark } from "../marks.ts";
import { echo, gated } from "./plain.ts";

type Scope = "run" | "attempt" | "global";

/** Triggers a child under a key of a scope in each of two attempts. */
export const scoped = task({
  id: "scoped",
  retry: { maxAttempts: 2 },
  run: async ({ key, scope }: { key: string; scope: Scope | null }, { ctx }) => {
    const idempotencyKey = scope === null ? key : await idempotencyKeys.create(key, { scope });
    const child = await echo.trigger("scoped", { idempotencyKey });
    mark(ctx, "child", child.id);
    if (ctx.attempt.number === 1) throw new Error("once more");
    return child.id;
  },
});

/** Every way to trigger a run under one key. */
export const everyWay = task({
  id: "every-way",
  retry: { maxAttempts: 1 },
  run: async ({ key }: { key: string }) => {
    const options = { idempotencyKey: key };
    const single = await echo.trigger("first", options);
    const waited = await echo.triggerAndWait("second", options);
    const { runs } = await echo.batchTriggerAndWait([{ payload: "third", options }]);
    return { ids: [single.id, waited.id, ...runs.map(({ id }) => id)], output: waited.ok ? waited.output : null };
  },
});

/** Joins a run that another one made. */
export const joins = task({
  id: "joins",
  retry: { maxAttempts: 1 },
  run: async ({ key, gate }: { key: string; gate: string }, { ctx }) => {
    mark(ctx, "start");
    const result = await gated.triggerAndWait({ gate }, { idempotencyKey: key });
    return result.id;
  },
});
