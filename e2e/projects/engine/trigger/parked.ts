import { setTimeout as delay } from "node:timers/promises";
import { logger, task, wait } from "@pawl/sdk";
import { mark, untilOpen } from "../marks.ts";
import { echo } from "./plain.ts";

/** Waits for a token that a test completes, and says before and after in which process. */
export const parks = task({
  id: "parks",
  retry: { maxAttempts: 1 },
  run: async ({ tokenId, holdMb = 0 }: { tokenId: string; holdMb?: number }, { ctx, signal }) => {
    const held = Array.from({ length: holdMb }, () => new Array(131_072).fill(ctx.attempt.number)); // 1 MB each
    signal.addEventListener("abort", () => mark(ctx, "aborted"));
    mark(ctx, "start");
    const { ok } = await wait.forToken(tokenId);
    mark(ctx, "woke", held.length);
    return { ok, pid: process.pid };
  },
  onCancel: async ({ ctx }) => mark(ctx, "onCancel"),
});

/** The same in a task whose hooks close and open what its module shares. */
export const parksAlone = task({
  id: "parks-alone",
  retry: { maxAttempts: 1 },
  run: async ({ tokenId }: { tokenId: string }, { ctx }) => {
    mark(ctx, "start");
    await wait.forToken(tokenId);
    return process.pid;
  },
  onWait: () => undefined,
});

/** Executes beside a run that is parked in its process, with room for others in its loop. */
export const busy = task({
  id: "busy",
  retry: { maxAttempts: 1 },
  run: async ({ gate }: { gate: string }, { ctx }) => {
    mark(ctx, "start");
    await untilOpen(gate);
    mark(ctx, "end");
    return process.pid;
  },
});

/** Ends its process, or tries to. */
export const deadly = task({
  id: "deadly",
  retry: { maxAttempts: 1 },
  run: async ({ by }: { by: "exit" | "exception" | "signal" | "memory" }, { ctx }) => {
    mark(ctx, "start");
    if (by === "exit") process.exit(3);
    if (by === "signal") process.kill(process.pid, "SIGSEGV");
    if (by === "exception") {
      setTimeout(() => {
        throw new RangeError("of its own");
      }, 10);
    }
    const held: number[][] = [];
    while (by === "memory") held.push(new Array(100_000).fill(Math.random()));
    await delay(60_000);
  },
});

type Job = () => Promise<void>;
let shared: { readonly push: (job: Job) => void } | undefined;

/** What a pool or a data loader does: a loop that the first run started works for all that follow. */
function sharedLoop(): { readonly push: (job: Job) => void } {
  const jobs: Job[] = [];
  let wake: () => void = () => undefined;
  void (async () => {
    for (;;) {
      const job = jobs.shift();
      if (job === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else await job();
    }
  })();
  return {
    push(job) {
      jobs.push(job);
      wake();
    },
  };
}

/** Makes its calls in a loop that belongs to an earlier run of the process. */
export const strayed = task({
  id: "strayed",
  retry: { maxAttempts: 1 },
  run: async (_payload: unknown, { ctx }) => {
    shared ??= sharedLoop();
    const outcome = await new Promise<string>((resolve) => {
      shared?.push(async () => {
        logger.info(`A line of ${ctx.run.id}`);
        const answers = await Promise.allSettled([echo.trigger(1), wait.for({ seconds: 2 }), wait.createToken({})]);
        const names = answers.map((answer) =>
          answer.status === "rejected" ? (answer.reason as Error).message : "fine",
        );
        resolve(names.join("\n"));
      });
    });
    return { outcome, pid: process.pid };
  },
});

/** Longer in waiting than it may execute. */
export const longWait = task({
  id: "long-wait",
  maxDuration: 1,
  retry: { maxAttempts: 1 },
  run: async ({ seconds }: { seconds: number }, { ctx }) => {
    mark(ctx, "start");
    await wait.for({ seconds });
    return process.pid;
  },
});

/** Two chains: one waits, the other works on, without a slot. */
export const worksBeside = task({
  id: "works-beside",
  queue: { name: "beside", concurrencyLimit: 1 },
  retry: { maxAttempts: 1 },
  run: async ({ tokenId, gate }: { tokenId: string; gate: string }, { ctx }) => {
    mark(ctx, "start");
    const [, token] = await Promise.all([untilOpen(gate), wait.forToken(tokenId)]);
    mark(ctx, "end");
    return token.ok;
  },
});
