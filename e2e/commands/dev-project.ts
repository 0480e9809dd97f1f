/** The config of the project that `pawl dev` is tried with. */
export const configFile = `import { defineConfig } from "@trigger.dev/sdk";

export default defineConfig({ project: "proj_e2e", dirs: ["./trigger"], processKeepAlive: true });
`;

/** An app beside `pawl dev`: it names no server and no key. */
export const appFile = `import { runs, tasks } from "@pawl/sdk";
import type { hello } from "./trigger/tasks.ts";

const handle = await tasks.trigger<typeof hello>("hello", { name: "Ada" });
const { status, output } = await runs.poll(handle, { pollIntervalMs: 50 });
console.log(JSON.stringify({ status, output }));
`;

/**
 * The tasks of that project.
 *
 * @param from - a word in the outputs that tells one state of the code from another; \`later\` is a task of the second only
 * @returns the text of the file
 */
export function tasksFile(from: "first" | "second"): string {
  return `import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { logger, schemaTask, task } from "@trigger.dev/sdk";
import { z } from "zod";

export const hello = task({
  id: "hello",
  run: async ({ name }: { name: string }) => {
    logger.info("Saying hello", { to: name });
    return { text: \`Hello, \${name}!\`, from: "${from}" };
  },
});

export const throws = task({
  id: "throws",
  retry: { maxAttempts: 1 },
  run: async () => {
    throw new RangeError("too far");
  },
});

export const secondTime = task({
  id: "second-time",
  retry: { maxAttempts: 3, minTimeoutInMs: 100, maxTimeoutInMs: 100 },
  run: async (_payload: unknown, { ctx }) => {
    if (ctx.attempt.number === 1) throw new Error("not yet");
    return ctx.attempt.number;
  },
});

export const checked = schemaTask({
  id: "checked",
  schema: z.object({ width: z.number(), height: z.number().positive() }),
  run: async ({ width, height }) => width * height,
});

export const gated = task({
  id: "gated",
  retry: { maxAttempts: 2, minTimeoutInMs: 100, maxTimeoutInMs: 100 },
  run: async ({ gate, failsOnce }: { gate: string; failsOnce?: boolean }, { ctx }) => {
    logger.info("Waiting for the gate");
    while (!existsSync(gate)) await delay(20);
    if (failsOnce === true && ctx.attempt.number === 1) throw new Error("once");
    return "${from}";
  },
});
${from === "second" ? `\nexport const later = task({ id: "later", run: async () => "at last" });\n` : ""}`;
}
