import { batch, metadata, task, wait } from "@trigger.dev/sdk";
import { greeting } from "../greeting.ts";

export const double = task({
  id: "double",
  retry: { maxAttempts: 1 },
  run: async ({ n }: { n: number }) => {
    if (n < 0) throw new RangeError(`${n} is below zero`);
    return { twice: n * 2 };
  },
});

export const asksOther = task({
  id: "asks-other",
  run: async () => {
    const good = await double.triggerAndWait({ n: 21 });
    const bad = await double.triggerAndWait({ n: -1 });
    const unwrapped = await double.triggerAndWait({ n: 4 }).unwrap();
    metadata.set("asked", 3).increment("count", 2);
    return {
      good: good.ok ? good.output : null,
      bad: bad.ok ? null : String((bad.error as Error).message),
      unwrapped,
    };
  },
});

export const asksMany = task({
  id: "asks-many",
  run: async () => {
    const own = await double.batchTriggerAndWait([
      { payload: { n: 1 } },
      { payload: { n: -2 } },
      { payload: { n: 3 } },
    ]);
    const mixed = await batch.triggerByTaskAndWait([
      { task: double, payload: { n: 5 } },
      { task: double, payload: { n: 6 } },
    ]);
    return {
      own: own.runs.map((run) => (run.ok ? run.output.twice : "failed")),
      mixed: mixed.runs.map((run) => (run.ok ? run.output.twice : "failed")),
    };
  },
});

export const waitsForTime = task({
  id: "waits-for-time",
  run: async ({ seconds }: { seconds: number }) => {
    const startedAt = Date.now();
    await wait.for({ seconds });
    return { waitedMs: Date.now() - startedAt };
  },
});

export const waitsForToken = task({
  id: "waits-for-token",
  run: async ({ timeout }: { timeout: string }) => {
    const token = await wait.createToken({ timeout, tags: ["approval"] });
    metadata.set("token", token.id);
    await metadata.flush();
    const result = await wait.forToken<{ approved: boolean }>(token);
    return result.ok ? { approved: result.output.approved } : { error: result.error.name };
  },
});

export const asksLater = task({
  id: "asks-later",
  run: async () => {
    const token = await wait.createToken({ timeout: "1h" });
    metadata.set("token", token.id);
    await metadata.flush();
    await wait.forToken(token);
    const { twice } = await double.triggerAndWait({ n: 8 }).unwrap();
    return { twice, greeting };
  },
});
