import { setTimeout as delay } from "node:timers/promises";
import { task } from "@pawl/sdk";
import { moment } from "./moment.ts";

/**
 * Waits for one child after the other, so many milliseconds apart. Returns for each its id, when its first line was executed, and
 * when the parent asked for it and went on, as JSON; the times are on the machine's monotonic clock.
 */
export const roundTrips = task({
  id: "bench.round-trips",
  run: async ({ children, intervalMs }: { children: number; intervalMs: number }) => {
    const trips: { runId: string; calledAtNs: string; beganAtNs: string; endedAtNs: string }[] = [];
    for (let n = 0; n < children; n++) {
      await delay(intervalMs);
      const calledAtNs = process.hrtime.bigint().toString();
      const child = await moment.triggerAndWait({ holdMs: 0 });
      const endedAtNs = process.hrtime.bigint().toString();
      trips.push({ runId: child.id, calledAtNs, beganAtNs: child.ok ? child.output : "", endedAtNs });
    }
    return JSON.stringify(trips);
  },
});
