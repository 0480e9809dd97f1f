import { setTimeout as delay } from "node:timers/promises";
import { task, wait } from "@pawl/sdk";
import { mark } from "../marks.ts";
import { echo, failing, lasting } from "./plain.ts";

/** Everything at once: two children, a batch, a time, a token, a short time, and code of its own. */
export const mixedAll = task({
  id: "mixed-all",
  retry: { maxAttempts: 1 },
  run: async ({ tokenId }: { tokenId: string }, { ctx }) => {
    mark(ctx, "start");
    const [first, second, batch, , token, , own] = await Promise.all([
      echo.triggerAndWait("first").unwrap(),
      lasting.triggerAndWait({ ms: 300 }).unwrap(),
      echo.batchTriggerAndWait([{ payload: "b1" }, { payload: "b2" }]),
      wait.for({ seconds: 2 }),
      wait.forToken<string>(tokenId).unwrap(),
      wait.for({ seconds: 0.2 }),
      delay(400, "own"),
    ]);
    mark(ctx, "woke");
    return { first, second, batch: batch.runs.map((run) => (run.ok ? run.output : null)), token, own };
  },
});

export const allSettled = task({
  id: "all-settled",
  retry: { maxAttempts: 1 },
  run: async () => {
    const results = await Promise.allSettled([
      echo.triggerAndWait(1).unwrap(),
      failing.triggerAndWait({}, { maxAttempts: 1 }).unwrap(),
      wait.for({ seconds: 1.2 }),
      wait.until({ date: new Date(0), throwIfInThePast: true }),
    ]);
    return results.map((result) => (result.status === "fulfilled" ? "fulfilled" : (result.reason as Error).name));
  },
});

/** The loser goes on, or never ends; nobody waits for it. */
export const race = task({
  id: "race",
  retry: { maxAttempts: 1 },
  run: async ({ loser, gateMs }: { loser: "child" | "token" | "time"; gateMs: number }, { ctx }) => {
    const token = await wait.createToken({ timeout: "1h" });
    const losers = {
      child: async () => lasting.triggerAndWait({ ms: gateMs }).unwrap(),
      token: async () => wait.forToken(token).unwrap(),
      time: async () => wait.for({ seconds: 3_600 }),
    };
    const winner = await Promise.race([
      losers[loser]().then(() => "loser"),
      wait.for({ seconds: 1.1 }).then(() => "winner"),
    ]);
    mark(ctx, "raced", winner);
    const again = await echo.triggerAndWait("after the race").unwrap();
    return { winner, again };
  },
});

/** Chains that each wait several times, in parallel. */
export const chains = task({
  id: "chains",
  retry: { maxAttempts: 1 },
  run: async ({ width, depth }: { width: number; depth: number }) => {
    const chain = async (name: number) => {
      const seen: unknown[] = [];
      for (let step = 0; step < depth; step++) {
        seen.push(await echo.triggerAndWait(`${name}.${step}`).unwrap());
        if (step % 2 === 0) await delay(5);
      }
      return seen;
    };
    return Promise.all(Array.from({ length: width }, (_, name) => chain(name)));
  },
});

/** Triggered at the call, waited for later: the children execute at the same time as the parent's own code. */
export const lateAwait = task({
  id: "late-await",
  retry: { maxAttempts: 1 },
  run: async () => {
    const children = [lasting.triggerAndWait({ ms: 200 }), lasting.triggerAndWait({ ms: 300 })];
    await delay(500);
    const results: unknown[] = [];
    for (const child of children) results.push(await child.unwrap());
    return results;
  },
});

/** Alone in its queue, together with its children. */
export const soloParent = task({
  id: "solo-parent",
  queue: { name: "solo", concurrencyLimit: 1 },
  retry: { maxAttempts: 1 },
  run: async ({ children, inSequence }: { children: number; inSequence: boolean }, { ctx }) => {
    mark(ctx, "start");
    const numbers = Array.from({ length: children }, (_, number) => number);
    if (!inSequence) return Promise.all(numbers.map(async (number) => soloChild.triggerAndWait({ number }).unwrap()));
    const outputs: number[] = [];
    for (const number of numbers) outputs.push(await soloChild.triggerAndWait({ number }).unwrap());
    return outputs;
  },
});

export const soloChild = task({
  id: "solo-child",
  queue: { name: "solo", concurrencyLimit: 1 },
  retry: { maxAttempts: 1 },
  run: async ({ number }: { number: number }, { ctx }) => {
    mark(ctx, "start");
    await delay(20);
    mark(ctx, "end");
    return number;
  },
});

/** One of many parents, each with a child. */
export const oneOfMany = task({
  id: "one-of-many",
  retry: { maxAttempts: 1 },
  run: async (number: number) => echo.triggerAndWait(number).unwrap(),
});
