import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { metadata, streams, task } from "@trigger.dev/sdk";

/** Lasts until a file says that it may end; notes each beginning in another. */
export const lasting = task({
  id: "lasting",
  retry: { maxAttempts: 2, minTimeoutInMs: 100, maxTimeoutInMs: 100, factor: 1, randomize: false },
  onCancel: async ({ payload }: { payload: { folder: string } }) => {
    appendFileSync(`${payload.folder}/cancelled`, "x");
  },
  run: async ({ folder }: { folder: string }, { ctx, signal }) => {
    const { existsSync } = await import("node:fs");
    appendFileSync(`${folder}/begun`, `${ctx.attempt.number} `);
    while (!existsSync(`${folder}/end`)) {
      if (signal.aborted) throw new Error("aborted");
      await delay(50);
    }
    return { attempt: ctx.attempt.number };
  },
});

export const exits = task({
  id: "exits",
  retry: { maxAttempts: 2, minTimeoutInMs: 100, maxTimeoutInMs: 100, factor: 1, randomize: false },
  run: async (_payload: unknown, { ctx }) => {
    if (ctx.attempt.number === 1) process.exit(7);
    return { attempt: ctx.attempt.number };
  },
});

export const tooLong = task({
  id: "too-long",
  maxDuration: 5,
  retry: { maxAttempts: 1 },
  run: async () => {
    const until = Date.now() + 60_000;
    while (Date.now() < until) await delay(50);
  },
});

export const writes = task({
  id: "writes",
  run: async () => {
    const source = new ReadableStream<string>({
      start(controller) {
        for (const part of ["one ", "two ", "three"]) controller.enqueue(part);
        controller.close();
      },
    });
    const { waitUntilComplete } = streams.pipe("words", source);
    await waitUntilComplete();
    await streams.append("notes", "appended");
    return "written";
  },
});

const answers = streams.input<{ text: string }>({ id: "answers" });

export const reads = task({
  id: "reads",
  run: async () => {
    metadata.set("asks", 1);
    await metadata.flush();
    const first = await answers.once({ timeoutMs: 20_000 }).unwrap();
    const second = await answers.wait({ timeout: "1h" }).unwrap();
    return [first.text, second.text];
  },
});
