import { logger, metadata, task, wait } from "@pawl/sdk";
import { noop } from "./noop.ts";

/** A bit of everything that leaves something behind while a run lasts: metadata, a log line, a child, a wait in which its process does others. */
export const mixed = task({
  id: "bench.mixed",
  run: async ({ n }: { n: number }) => {
    metadata.set("n", n).append("steps", "began");
    logger.info("Waits for a child", { n });
    await noop.triggerAndWait({ n }).unwrap();
    await wait.for({ seconds: 2 });
    metadata.append("steps", "waited");
    return { n, text: "x".repeat(500) };
  },
});
