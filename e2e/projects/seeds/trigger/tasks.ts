import { idempotencyKeys, logger, schemaTask, task } from "@trigger.dev/sdk";
import { z } from "zod";

declare const SENTRY_RELEASE: string;

/** The task that the others are about. */
export const processData = schemaTask({
  // pawl-check-ignore id-form: as it is in many projects
  id: "process-data",
  schema: z.object({ userId: z.string(), data: z.array(z.object({ id: z.number() })).default([]) }),
  retry: { maxAttempts: 2, minTimeoutInMs: 50, factor: 1.8 },
  run: async ({ userId, data }, { ctx }) => {
    logger.info("Processing", { userId, items: data.length });
    if (userId === "nobody") throw new Error("There is no such user");
    return { userId, items: data.length, attempt: ctx.attempt.number, run: ctx.run };
  },
});

/** What a plugin of the bundler has put in. */
export const showRelease = task({
  id: "release.name.show",
  run: async () => SENTRY_RELEASE,
});

/** Used by the task below alone, in one file with it, and not exported. */
const double = task({
  id: "number.value.double",
  machine: "micro",
  retry: { maxAttempts: 1 },
  run: async ({ value }: { value: number }) => {
    if (value < 0) throw new RangeError(`${value} is below zero`);
    return value * 2;
  },
});

/** Every way to read what a run that was waited for came to. */
export const readResults = task({
  id: "result.value.read",
  retry: { maxAttempts: 1 },
  run: async () => {
    const good = await double.triggerAndWait({ value: 1 });
    const bad = await double.triggerAndWait({ value: -1 });
    const unwrapped: number = await double.triggerAndWait({ value: 2 }).unwrap();
    const thrown = await double
      .triggerAndWait({ value: -2 })
      .unwrap()
      .catch((error: unknown) => (error instanceof Error ? error.name : "no error"));

    const batchResult = await double.batchTriggerAndWait([{ payload: { value: 3 } }, { payload: { value: -3 } }]);
    const inBatch: (number | string)[] = [];
    for (const run of batchResult.runs) {
      if (run.ok) inBatch.push(run.output);
      else inBatch.push(run.error instanceof Error ? run.error.message : "no error");
    }

    // Work that needs no run of its own goes in parallel inside of one.
    const settled = await Promise.allSettled([Promise.resolve(1), Promise.reject(new Error("no"))]);
    return {
      good: good.ok ? good.output : good.error,
      bad: bad.ok ? bad.output : `${bad.error instanceof Error}`,
      unwrapped,
      thrown,
      inBatch,
      settled: settled.map(({ status }) => status),
    };
  },
});

/** Triggers twice in each of its two attempts: under a key of the run, and under one of the environment. */
export const triggerOnce = task({
  id: "child.run.once",
  run: async ({ shared }: { shared: string }, { ctx }) => {
    const idempotencyKey = await idempotencyKeys.create("my-idempotency-key");
    const ofRun = await processData.trigger({ userId: "123" }, { idempotencyKey });
    const ofAll = await processData.trigger({ userId: "123" }, { idempotencyKey: shared });
    // The same key, another task: another run.
    const other = await double.trigger({ value: 1 }, { idempotencyKey: shared });
    if (ctx.attempt.number === 1) throw new Error("once more");
    return { ofRun: ofRun.id, ofAll: ofAll.id, other: other.id, cached: [ofRun.isCached, ofAll.isCached] };
  },
});
