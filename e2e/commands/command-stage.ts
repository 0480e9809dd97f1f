import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { RunningCommand } from "../stage/command.ts";
import { type StagedServer, startServer, startWorker, untilReady } from "../stage/platform.ts";
import { openStage, pawlPath, type Stage } from "../stage/stage.ts";
import { configFile } from "./dev-project.ts";

const tasks = `import { queue, schedules, task } from "@trigger.dev/sdk";

export const mails = queue({ name: "mails", concurrencyLimit: 3, rateLimit: { limit: 1000, period: "1s" } });

export const hello = task({ id: "hello", run: async ({ name }: { name: string }) => \`Hello, \${name}!\` });

export const send = task({ id: "send", queue: mails, run: async () => "sent" });

export const throws = task({
  id: "throws",
  retry: { maxAttempts: 1 },
  run: async () => {
    throw new RangeError("too far");
  },
});

export const report = schedules.task({ id: "report", run: async () => "reported" });

export const tidy = schedules.task({
  id: "tidy",
  cron: { pattern: "0 9 * * *", timezone: "Europe/Berlin" },
  run: async () => "tidied",
});
`;

/** A server, a worker with a few tasks, and commands that speak to the server. */
export interface CommandStage {
  readonly stage: Stage;
  readonly server: StagedServer;
  /** The environment variables that name the server. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs a command that succeeds. */
  succeed(...args: readonly string[]): Promise<RunningCommand>;
  /** Runs a command that ends with exit code 1. */
  fail(...args: readonly string[]): Promise<RunningCommand>;
  /** Starts a command on a terminal of a width, by the path of the tool `script`. */
  onTerminal(script: string, columns: number, ...args: readonly string[]): RunningCommand;
}

/**
 * Opens a stage for commands.
 *
 * @param t - the test
 * @returns the stage, as soon as its worker is ready
 */
export async function openCommands(t: TestContext): Promise<CommandStage> {
  const stage = await openStage(t);
  const projectDir = await stage.project("app", { "trigger.config.ts": configFile, "trigger/tasks.ts": tasks });
  const server = await startServer(stage);
  await untilReady(startWorker(stage, server, projectDir));
  const env = { TRIGGER_API_URL: server.apiUrl, TRIGGER_SECRET_KEY: server.secretKey };
  const endWith = async (code: number, args: readonly string[]) => {
    const command = await stage.pawl(args, { env }).finished();
    assert.equal(command.ending?.code, code, command.report());
    return command;
  };
  return {
    stage,
    server,
    env,
    succeed: (...args) => endWith(0, args),
    fail: (...args) => endWith(1, args),
    onTerminal(script, columns, ...args) {
      const words = [process.execPath, "--conditions=@pawl/source", pawlPath, ...args].map((word) => `'${word}'`);
      const line = `stty cols ${columns} rows 24; exec ${words.join(" ")}`;
      const settings = { file: script, args: ["-qec", line, "/dev/null"], cwd: stage.folder, hasInput: true };
      return stage.start({ ...settings, env: stage.env(env) });
    },
  };
}
