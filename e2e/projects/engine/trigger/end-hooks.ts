import { setTimeout as delay } from "node:timers/promises";
import { logger, task } from "@pawl/sdk";
import { mark, untilOpen } from "../marks.ts";

interface Ending {
  /** How its code ends it. */
  readonly by?: "exit" | "overtime" | "uncaught" | "throw";
  /** What its hooks wait for. */
  readonly gate?: string;
  /** What its hooks do besides. */
  readonly hook?: "throw" | "exit";
}

/** Ends in a way that its process does not survive, or sees nothing of; its hooks tell what they are told. */
export const mourned = task({
  id: "mourned",
  queue: { name: "mourned" },
  maxDuration: 1,
  retry: { maxAttempts: 1 },
  run: async ({ by }: Ending, { ctx, signal }) => {
    mark(ctx, "start");
    if (by === "exit") process.exit(3);
    if (by === "throw") throw new Error("thrown");
    if (by === "uncaught") setImmediate(() => Promise.reject(new Error("escaped")));
    await delay(60_000, undefined, { signal });
  },
  onFailure: async ({ ctx, payload, error }) => {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    mark(ctx, "onFailure", { message, payload, tags: ctx.run.tags });
    if (payload.gate !== undefined) await untilOpen(payload.gate);
    if (payload.hook === "exit") process.exit(4);
    logger.info("mourning");
    if (payload.hook === "throw") throw new Error("the hook is broken");
  },
  onComplete: ({ ctx, result }) => mark(ctx, "onComplete", { ok: result.ok }),
  onCancel: async ({ ctx, runPromise }) => {
    const outcome = await runPromise.then(
      () => "ended",
      (reason: unknown) => (reason instanceof Error ? reason.name : "?"),
    );
    mark(ctx, "onCancel", { outcome });
  },
  middleware: async ({ ctx, next }) => {
    mark(ctx, "before");
    await next().catch((reason: unknown) => mark(ctx, "after", String(reason)));
  },
});
