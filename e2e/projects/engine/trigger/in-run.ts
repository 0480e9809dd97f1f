import { heartbeats, logger, metadata, queues, TriggerClient, task, timeout, usage, wait } from "@pawl/sdk";
import { echo } from "./plain.ts";

/** Gives back what it knows of its run, which no change of it alters. */
export const tellsContext = task({
  id: "tells-context",
  machine: "medium-1x",
  queue: { name: "tellers" },
  retry: { maxAttempts: 4 },
  run: async (_payload: undefined, { ctx }) => {
    try {
      (ctx as { run: unknown }).run = null;
    } catch {
      return ctx;
    }
    throw new Error("ctx was changed");
  },
});

/** Records spans in one another, with a wait, a child and an error among them. */
export const traced = task({
  id: "traced",
  retry: { maxAttempts: 1 },
  run: async () => {
    await logger.trace(
      "import",
      async (span) => {
        logger.info("reading", { page: 1 });
        await echo.triggerAndWait("hello");
        await wait.for({ seconds: 1.2 });
        span.setAttribute("rows", 3);
      },
      { attributes: { shop: "s1" } },
    );
    await logger.trace("fails", () => Promise.reject(new RangeError("too far"))).catch(() => undefined);
    logger.debug("debugging");
  },
});

/** Says what it used, without the time in which it waited, and what it knows of its time. */
export const measured = task({
  id: "measured",
  run: async (_payload: undefined, { signal }) => {
    const { result, compute } = await usage.measure(async () => {
      await wait.for({ seconds: 2 });
      const until = performance.now() + 50;
      while (performance.now() < until) await heartbeats.yield();
      return "done";
    });
    return {
      result,
      measuredMs: compute.durationMs,
      attemptMs: usage.getCurrent()?.compute.attempt.durationMs,
      hasYielded: heartbeats.getLastHeartbeat() instanceof Date,
      isSameSignal: timeout.signal === signal,
    };
  },
});

/** Triggers through a client of its own: with and without the context of its run. */
export const triggersElsewhere = task({
  id: "triggers-elsewhere",
  run: async () => {
    const apart = await new TriggerClient().tasks.trigger<typeof echo>("echo", "apart");
    const inherited = await new TriggerClient({ inheritContext: true }).tasks.trigger<typeof echo>("echo", "inherited");
    return { apart: apart.id, inherited: inherited.id };
  },
});

/** May take as long as it needs. */
export const endless = task({ id: "endless", maxDuration: timeout.None, run: async () => "done" });

/** Looks at its own queue, by what `ctx` says of it. */
export const looksAtQueue = task({
  id: "looks-at-queue",
  run: async (_payload: undefined, { ctx }) => (await queues.retrieve(ctx.queue.id)).running,
});

/** Fails once, and says in its second attempt what the first has left in the metadata. */
export const remembers = task({
  id: "remembers",
  retry: { maxAttempts: 2, minTimeoutInMs: 20, maxTimeoutInMs: 20 },
  run: async (_payload: undefined, { ctx }) => {
    const left = metadata.get("left");
    metadata.set("left", `by attempt ${ctx.attempt.number}`);
    if (ctx.attempt.number === 1) throw new Error("once");
    return left;
  },
});
