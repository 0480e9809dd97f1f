import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { rootDir } from "./workspace.ts";

/** A command of the repository: a binary of `node_modules/.bin` and its arguments. */
export interface Step {
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where it runs; default: the repository. */
  readonly dir?: string;
}

/**
 * Runs a step and prints one line with its time; its output only when it fails.
 *
 * @param step - what to run
 * @returns whether it ended with exit code 0
 */
export function runStep(step: Step): boolean {
  const startedAt = performance.now();
  const bin = join(rootDir, "node_modules", ".bin");
  const result = spawnSync(join(bin, step.command), step.args, {
    cwd: step.dir ?? rootDir,
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`,
      ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }),
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const isOk = result.status === 0;
  console.log(`${isOk ? "✔" : "✖"} ${step.title.padEnd(24)} ${seconds.padStart(5)} s`);
  if (!isOk) console.log([result.stdout, result.stderr, result.error?.message].filter(Boolean).join("\n").trimEnd());
  return isOk;
}
