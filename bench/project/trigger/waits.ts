import { task, wait } from "@pawl/sdk";
import { noop } from "./noop.ts";

/** Waits for one child after the other, and returns how long each took, in milliseconds. */
export const parent = task({
  id: "bench.parent",
  run: async ({ children }: { children: number }) => {
    const tookMs: number[] = [];
    for (let n = 0; n < children; n++) {
      const beganAtMs = performance.now();
      await noop.triggerAndWait({ n }).unwrap();
      tookMs.push(performance.now() - beganAtMs);
    }
    return JSON.stringify(tookMs);
  },
});

/** Waits for many children at once, and returns how long it took, in milliseconds. */
export const fanOut = task({
  id: "bench.fan-out",
  run: async ({ children }: { children: number }) => {
    const items = Array.from({ length: children }, (_, n) => ({ payload: { n } }));
    const beganAtMs = performance.now();
    const { runs } = await noop.batchTriggerAndWait(items);
    const tookMs = performance.now() - beganAtMs;
    if (!runs.every((run) => run.ok)) throw new Error("A child of the fan-out failed.");
    return JSON.stringify([tookMs]);
  },
});

/** Waits for one child; many of them do so at once. */
export const oneOfMany = task({
  id: "bench.one-of-many",
  run: async ({ n }: { n: number }) => {
    await noop.triggerAndWait({ n }).unwrap();
  },
});

const sleeper = (id: string) =>
  task({
    id,
    run: async ({ seconds, text }: { seconds: number; text: string }) => {
      console.log(`${id} waits with ${text.length} characters`);
      const dueAtMs = Date.now() + seconds * 1_000;
      await wait.for({ seconds });
      return JSON.stringify([Date.now() - dueAtMs]);
    },
  });

/** Wait for a time, and return how late each went on, in milliseconds. */
export const sleepers = ["a", "b", "c", "d", "e"].map((name) => sleeper(`bench.sleeper.${name}`));
