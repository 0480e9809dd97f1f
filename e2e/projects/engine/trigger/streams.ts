import { setTimeout as delay } from "node:timers/promises";
import { streams, task } from "@pawl/sdk";
import { mark, untilOpen } from "../marks.ts";

export const tokens = streams.define<string>({ id: "tokens" });
export const stamps = streams.define<{ n: number; atMs: number }>({ id: "stamps" });
export const approval = streams.input<{ approved: boolean; by?: string }>({ id: "approval" });

async function* words(count: number, gate?: string): AsyncGenerator<string> {
  for (let i = 0; i < count; i++) {
    if (gate !== undefined && i === Math.floor(count / 2)) await untilOpen(gate);
    yield `word ${i}`;
  }
}

/** Pipes words, in the middle of which it may wait, and reads them along. */
export const pipesWords = task({
  id: "pipes-words",
  run: async ({ count, gate }: { count: number; gate?: string }, { ctx }) => {
    mark(ctx, "start");
    const { stream, waitUntilComplete } = tokens.pipe(words(count, gate));
    let seen = 0;
    for await (const _word of stream) seen++;
    const { lastEventId } = await waitUntilComplete();
    return { seen, lastEventId };
  },
});

/** Leaves a pipe to the end of the attempt. */
export const pipesAndReturns = task({
  id: "pipes-and-returns",
  run: async ({ count }: { count: number }) => {
    tokens.pipe(words(count));
    return "returned";
  },
});

/** Pipes a source without an end. */
export const pipesForever = task({
  id: "pipes-forever",
  run: async () => {
    const source = async function* () {
      for (let n = 0; ; n++) {
        yield `${n}`;
        await delay(20);
      }
    };
    await tokens.pipe(source()).waitUntilComplete();
  },
});

/** Writes in every way, to streams of its own, and to the default one. */
export const writesStreams = task({
  id: "writes-streams",
  run: async (payload: { chunks: unknown[] }) => {
    for (const chunk of payload.chunks) await streams.append("mixed", chunk);
    await streams.append("to the default stream");
    const { waitUntilComplete } = streams.writer<string>("written", {
      execute: async ({ write, merge }) => {
        write("first");
        merge(words(2));
        await delay(1);
        write("last");
      },
    });
    await waitUntilComplete();
  },
});

/** Writes to the runs above it. */
export const writesAbove = task({
  id: "writes-above",
  run: async ({ depth }: { depth: number }): Promise<void> => {
    if (depth > 0) return writesAbove.triggerAndWait({ depth: depth - 1 }).unwrap();
    await tokens.append("to the parent", { target: "parent" });
    await tokens.append("to the root", { target: "root" });
    await tokens.append("to itself");
  },
});

/** Fails once after it has written. */
export const writesTwice = task({
  id: "writes-twice",
  run: async (_payload: unknown, { ctx }) => {
    await tokens.append(`attempt ${ctx.attempt.number}`);
    if (ctx.attempt.number === 1) throw new Error("once more");
  },
});

/** Says when it has made each chunk. */
export const stampsChunks = task({
  id: "stamps-chunks",
  run: async ({ count, everyMs }: { count: number; everyMs: number }) => {
    const source = async function* () {
      for (let n = 0; n < count; n++) {
        await delay(everyMs);
        yield { n, atMs: performance.timeOrigin + performance.now() };
      }
    };
    await stamps.pipe(source()).waitUntilComplete();
  },
});

/** Fails to write. */
export const writesBadly = task({
  id: "writes-badly",
  retry: { maxAttempts: 1 },
  run: async () => {
    const thrown: string[] = [];
    const note = (error: unknown) => void thrown.push(error instanceof Error ? error.name : String(error));
    await streams.append("x", { f: () => 1 }).catch(note);
    await streams.append("x", "y".repeat(1024 * 1024)).catch(note);
    await streams.append("x", 1, { target: "run_000000000000000000000" }).catch(note);
    const failing = async function* () {
      yield "before";
      throw new RangeError("the source fails");
    };
    await streams.pipe("y", failing()).waitUntilComplete().catch(note);
    await streams
      .writer<string>("z", {
        execute: async ({ write }) => {
          write("before");
          throw new RangeError("the writer fails");
        },
      })
      .waitUntilComplete()
      .catch(note);
    return thrown;
  },
});

/** Waits for records as for tokens. */
export const waitsForInput = task({
  id: "waits-for-input",
  run: async (
    { count = 1, timeout, failsOnce }: { count?: number; timeout?: string; failsOnce?: boolean },
    { ctx },
  ) => {
    const got: unknown[] = [];
    for (let i = 0; i < count; i++) {
      mark(ctx, `waits ${i}`);
      const result = await approval.wait(timeout === undefined ? {} : { timeout });
      got.push(result.ok ? result.output : result.error.name);
    }
    if (failsOnce === true && ctx.attempt.number === 1) throw new Error("once more");
    return got;
  },
});

/** Waits for records in place, with a handler beside. */
export const hearsInput = task({
  id: "hears-input",
  run: async ({ timeoutMs }: { timeoutMs: number }, { ctx }) => {
    const heard: unknown[] = [];
    const early = approval.peek() ?? "nothing";
    mark(ctx, "listens");
    const first = await approval.once().unwrap();
    const { off } = approval.on((data) => void heard.push(data));
    const both = Promise.all([approval.once().unwrap(), approval.once().unwrap()]);
    mark(ctx, "handles");
    const [second, third] = await both;
    off();
    const late = await approval.once({ timeoutMs });
    const aborted = await approval
      .once({ signal: AbortSignal.abort(new Error("given up")) })
      .catch((error) => error.message);
    return { early, first, second, third, heard, late: late.ok ? late.output : late.error.name, aborted };
  },
});

/** Handles records until it is told to stop; nobody takes the handler away. */
export const handlesInput = task({
  id: "handles-input",
  run: async (_payload: unknown, { ctx }) => {
    const heard: unknown[] = [];
    const stopped = Promise.withResolvers<void>();
    approval.on((data) => {
      heard.push(data);
      if (data.approved) stopped.resolve();
    });
    mark(ctx, "handles");
    await stopped.promise;
    return heard;
  },
});

/** Takes some records in place and others by waiting, and two waits at once. */
export const mixesInput = task({
  id: "mixes-input",
  run: async (_payload: unknown, { ctx }) => {
    const steps: string[] = [];
    mark(ctx, "ready");
    const first = await approval.wait().unwrap();
    const second = await approval.once().unwrap();
    const [third, fourth] = await Promise.all([approval.wait().unwrap(), approval.wait().unwrap()]);
    const fifth = await approval.waitWithIdleTimeout({ idleTimeoutInSeconds: 60 });
    mark(ctx, "idle");
    const sixth = await approval.waitWithIdleTimeout({
      idleTimeoutInSeconds: 0.2,
      timeout: "1h",
      onSuspend: () => {
        mark(ctx, "suspends");
        steps.push("suspend");
      },
      onResume: () => void steps.push("resume"),
    });
    const none = await approval.waitWithIdleTimeout({ idleTimeoutInSeconds: 0.05, skipSuspend: true });
    const outputs = [first, second, third, fourth, fifth.ok && fifth.output, sixth.ok && sixth.output];
    return { outputs, steps, none: none.ok ? none.output : none.error.name };
  },
});
