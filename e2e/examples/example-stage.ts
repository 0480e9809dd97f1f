import { cp } from "node:fs/promises";
import { join, sep } from "node:path";
import type { TestContext } from "node:test";
import type { RunningCommand } from "../stage/command.ts";
import { untilReady } from "../stage/platform.ts";
import { openStage, rootDir, type Stage } from "../stage/stage.ts";

/** An example with `pawl dev` beside it, as its README says. */
export interface ExampleStage {
  readonly stage: Stage;
  /** A copy of the example's folder. */
  readonly dir: string;
  /** Starts a program of the example. */
  start(args: readonly string[]): RunningCommand;
  /** Runs a program of the example to its end, which has to be good, and gives what it printed. */
  print(...args: readonly string[]): Promise<string>;
}

/**
 * Copies an example and starts `pawl dev` in it.
 *
 * @param t - the test
 * @param name - of the example's folder
 * @param env - further environment variables, for all its programs
 * @returns the example, ready to execute runs
 */
export async function openExample(t: TestContext, name: string, env: NodeJS.ProcessEnv = {}): Promise<ExampleStage> {
  const stage = await openStage(t);
  const dir = await stage.project(name, {});
  const isPart = (path: string) => !path.split(sep).some((part) => part === "node_modules" || part === ".pawl");
  await cp(join(rootDir, "examples", name), dir, {
    recursive: true,
    filter: (path) => isPart(path.slice(rootDir.length)),
  });
  const options = { cwd: dir, env };
  await untilReady(stage.pawl(["dev", "--port", "0", "--json"], options));
  const start = (args: readonly string[]) => stage.node(args, options);
  return {
    stage,
    dir,
    start,
    async print(...args) {
      const command = await start(args).finished();
      if (command.ending?.code !== 0) throw new Error(command.report());
      return command.stdout;
    },
  };
}
