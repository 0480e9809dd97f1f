import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type CommandSettings, RunningCommand } from "./command.ts";
import { processesOf, signal } from "./processes.ts";
import { until } from "./until.ts";

/** The folder of the repository. */
export const rootDir = join(import.meta.dirname, "..", "..");

/** The file of the `pawl` command. */
export const pawlPath = join(rootDir, "packages", "cli", "bin", "pawl.cjs");
const endTimeoutMs = 20_000;
const leftoverTimeoutMs = 8_000;

/** How a command differs from the usual. */
export interface CommandOptions {
  /** Default: the stage's folder. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A folder of a test's own, outside the repository, and the commands that were started for it. When the test ends, what still
 * runs is asked to end, and the test fails when it does not, or when any process of the stage is left.
 */
export interface Stage {
  readonly folder: string;
  /** Whether the test has ended: nothing is to be started any more. */
  isClosed(): boolean;
  path(...names: readonly string[]): string;
  /** Writes files into the stage, by their paths relative to it. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Makes a folder of the stage a project: with the files, and with the packages of this repository to import. */
  project(name: string, files: Readonly<Record<string, string>>): Promise<string>;
  /** Starts `pawl` from its sources. */
  pawl(args: readonly string[], options?: CommandOptions): RunningCommand;
  /** Starts a file with this Node. */
  node(args: readonly string[], options?: CommandOptions): RunningCommand;
  start(command: CommandSettings): RunningCommand;
  /** What is still to be done when the test has ended, before the commands are. */
  beforeEnd(body: () => Promise<void>): void;
  /** The environment of commands: this one's, without what would name a server or a database, and with a mark. */
  env(more?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
}

/**
 * Opens a stage for a test.
 *
 * @param t - the test
 * @returns the stage
 */
export async function openStage(t: TestContext): Promise<Stage> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "pawl-e2e-")));
  const commands: RunningCommand[] = [];
  const beforeEnd: (() => Promise<void>)[] = [];
  let isClosed = false;
  const killAll = () => {
    for (const command of commands) if (command.ending === null) command.signalGroup("SIGKILL");
  };
  process.once("exit", killAll);
  t.after(async () => {
    isClosed = true;
    try {
      // What a test that failed wrote says why.
      if (hasFailed(t)) for (const command of commands) console.error(command.report());
      try {
        for (const body of beforeEnd) await body();
      } finally {
        await endAll(commands);
      }
      await refuseLeftovers(folder);
    } finally {
      killAll();
      process.removeListener("exit", killAll);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });

  const write = async (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
  };
  const env = (more: NodeJS.ProcessEnv = {}) => ({ ...plainEnvironment(), PAWL_E2E_STAGE: folder, ...more });
  const start = (command: CommandSettings) => {
    const running = new RunningCommand(command);
    commands.push(running);
    return running;
  };
  const node = (args: readonly string[], options: CommandOptions = {}) => {
    const all = ["--conditions=@pawl/source", ...args];
    return start({ file: process.execPath, args: all, cwd: options.cwd ?? folder, env: env(options.env) });
  };
  return {
    folder,
    isClosed: () => isClosed,
    path: (...names) => join(folder, ...names),
    write,
    async project(name, files) {
      await write(Object.fromEntries(Object.entries(files).map(([path, text]) => [join(name, path), text])));
      await mkdir(join(folder, name), { recursive: true });
      await symlink(join(rootDir, "node_modules"), join(folder, name, "node_modules"));
      return join(folder, name);
    },
    pawl: (args, options) => node([pawlPath, ...args], options),
    node,
    start,
    beforeEnd(body) {
      beforeEnd.push(body);
    },
    env,
  };
}

/** Known in an `after` hook; the types of Node do not have it yet. */
function hasFailed(t: TestContext): boolean {
  return "passed" in t && t.passed === false;
}

function plainEnvironment(): NodeJS.ProcessEnv {
  const isOfPawl = (name: string) => /^(TRIGGER_|PAWL_|DATABASE_|NODE_TEST|NODE_ENV|PORT$|FORCE_COLOR)/.test(name);
  const kept = Object.entries(process.env).filter(([name]) => !isOfPawl(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1" };
}

/** The last one first, since servers are started before what needs them. */
async function endAll(commands: readonly RunningCommand[]): Promise<void> {
  for (const command of commands.toReversed()) {
    if (command.ending !== null) continue;
    command.signal("SIGCONT");
    command.signal("SIGTERM");
    const isLate = await Promise.race([command.ended.then(() => false), delay(endTimeoutMs, true, { ref: false })]);
    if (isLate) throw new Error(`It did not end within ${endTimeoutMs} ms of SIGTERM.\n${command.report()}`);
  }
}

async function refuseLeftovers(folder: string): Promise<void> {
  try {
    await untilGone(folder);
  } catch (cause) {
    const left = await processesOf(folder);
    for (const { pid } of left) signal(pid, "SIGKILL");
    const names = left.map(({ pid, command }) => `${pid} ${command}`).join("\n");
    throw new Error(`Processes were left behind:\n${names}`, { cause });
  }
}

/**
 * Waits until no process of a stage is left. Processes whose parent was killed end by themselves, within seconds.
 *
 * @param folder - the stage's folder
 * @throws Error when some stay
 */
export async function untilGone(folder: string): Promise<void> {
  await until("no process is left", async () => (await processesOf(folder)).length === 0, {
    timeoutMs: leftoverTimeoutMs,
  });
}
