import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { task, wait } from "@pawl/sdk";
import { recorded } from "../ledger-file.ts";

const soon = { minTimeoutInMs: 100, maxTimeoutInMs: 100 };

/** The load's number of the run. */
interface Numbered {
  readonly number: number;
}

export const quick = task({
  id: "quick",
  retry: { ...soon, maxAttempts: 3 },
  run: ({ number }: Numbered, { ctx }) => recorded(ctx, () => number),
});

export const once = task({
  id: "once",
  retry: { maxAttempts: 1 },
  run: ({ number }: Numbered, { ctx }) => recorded(ctx, () => number),
});

export const slow = task({
  id: "slow",
  retry: { ...soon, maxAttempts: 3 },
  run: ({ number }: Numbered, { ctx }) => recorded(ctx, () => delay(2_000, number)),
});

export const failing = task({
  id: "failing",
  retry: { ...soon, maxAttempts: 2 },
  run: ({ number }: Numbered, { ctx }) =>
    recorded(ctx, () => {
      throw new Error(`Run ${number} always fails.`);
    }),
});

export const retrying = task({
  id: "retrying",
  retry: { ...soon, maxAttempts: 5 },
  run: ({ number }: Numbered, { ctx }) =>
    recorded(ctx, () => {
      if (ctx.attempt.number === 1) throw new Error(`Run ${number} fails once.`);
      return number;
    }),
});

/** Waits for long enough that something is killed meanwhile. */
export const waiting = task({
  id: "waiting",
  retry: { ...soon, maxAttempts: 3 },
  run: ({ number }: Numbered, { ctx }) =>
    recorded(ctx, async () => {
      await wait.for({ seconds: 2 });
      return number;
    }),
});

/** Which child of its parent a run is, from 1. */
interface ChildPayload extends Numbered {
  readonly child: number;
}

export const child = task({
  id: "child",
  retry: { ...soon, maxAttempts: 3 },
  run: ({ child: place }: ChildPayload, { ctx }) => recorded(ctx, () => place),
});

/** Waits for one child, then for two more together. */
export const parent = task({
  id: "parent",
  retry: { ...soon, maxAttempts: 5 },
  run: ({ number }: Numbered, { ctx }) =>
    recorded(ctx, async () => {
      await child.triggerAndWait({ number, child: 1 });
      await child.batchTriggerAndWait([{ payload: { number, child: 2 } }, { payload: { number, child: 3 } }]);
      return number;
    }),
});

/** Executes until a file is there. */
export const gated = task({
  id: "gated",
  retry: { ...soon, maxAttempts: 3 },
  run: ({ gate }: { gate: string }, { ctx }) => recorded(ctx, () => untilOpen(gate)),
});

/** The same, one run at a time. */
export const gatedInTurn = task({
  id: "gated-in-turn",
  retry: { ...soon, maxAttempts: 3 },
  queue: { concurrencyLimit: 1 },
  run: ({ gate }: { gate: string }, { ctx }) => recorded(ctx, () => untilOpen(gate)),
});

/** Takes its process with it. */
export const deadly = task({
  id: "deadly",
  retry: { maxAttempts: 1 },
  run: ({ by }: { by: "exit" | "segfault" | "memory" }, { ctx }) =>
    recorded(ctx, async () => {
      if (by === "exit") process.exit(3);
      if (by === "segfault") process.kill(process.pid, "SIGSEGV");
      const held: number[][] = [];
      while (by === "memory") held.push(new Array(100_000).fill(Math.random()));
      await delay(60_000, undefined, { ref: true }); // the signal is on its way
    }),
});

async function untilOpen(gate: string): Promise<string> {
  while (!existsSync(gate)) await delay(20);
  return "open";
}
