import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";

/** Reused child processes that execute one no-op job at a time each. */
export interface Children {
  /** Executes a job in the next free child. @returns the moment of its first line, in nanoseconds */
  execute(): Promise<string>;
}

/**
 * Forks the children.
 *
 * @param count - how many
 * @returns the pool
 */
export function startChildren(count: number): Children {
  const free: ChildProcess[] = Array.from({ length: count }, () => fork(join(import.meta.dirname, "child.ts")));
  const waiting: ((child: ChildProcess) => void)[] = [];
  return {
    async execute() {
      const child = free.pop() ?? (await new Promise<ChildProcess>((resolve) => waiting.push(resolve)));
      const answer = new Promise<string>((resolve) => child.once("message", (moment) => resolve(String(moment))));
      child.send("execute");
      const moment = await answer;
      const next = waiting.shift();
      if (next === undefined) free.push(child);
      else next(child);
      return moment;
    },
  };
}
