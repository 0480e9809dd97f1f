import { logger, schedules, task } from "@trigger.dev/sdk";
import { greeting } from "../greeting.ts";

export const greet = task({
  id: "greet",
  run: async (payload: { name: string }) => {
    logger.info("A greeting is made", { name: payload.name });
    console.log("plain output");
    return { text: `${greeting}, ${payload.name}` };
  },
});

export const failTwice = task({
  id: "fail-twice",
  run: async (_payload: unknown, { ctx }) => {
    if (ctx.attempt.number < 3) throw new Error(`attempt ${ctx.attempt.number} went wrong`);
    return { attempts: ctx.attempt.number };
  },
});

export const fail = task({
  id: "fail",
  retry: { maxAttempts: 1 },
  run: async () => {
    throw new RangeError("it can't be done");
  },
});

export const nightly = schedules.task({
  id: "nightly",
  cron: { pattern: "0 3 * * *", timezone: "Europe/Rome" },
  run: async () => undefined,
});
