import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { task } from "@pawl/sdk";

const holdMs = 600_000;

/** Holds its process until it is released, and writes down when it starts and ends. */
export const hold = task({
  id: "bench.hold",
  run: async ({ path }: { path: string }, { ctx }) => {
    appendFileSync(path, `start ${ctx.run.id}\n`);
    if (!existsSync(`${path}.released`)) await delay(holdMs);
    appendFileSync(path, `end ${ctx.run.id}\n`);
  },
});
