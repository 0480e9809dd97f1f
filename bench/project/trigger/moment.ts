import { setTimeout as delay } from "node:timers/promises";
import { task } from "@pawl/sdk";

/** Returns the moment of its first line, on the machine's monotonic clock, which all processes share. */
export const moment = task({
  id: "bench.moment",
  run: async ({ holdMs }: { holdMs: number }) => {
    const startedAtNs = process.hrtime.bigint();
    if (holdMs > 0) await delay(holdMs);
    return startedAtNs.toString();
  },
});
