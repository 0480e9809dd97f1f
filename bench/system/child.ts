import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A process that the bench started. Its output goes to a file. */
export interface Child {
  readonly process: ChildProcess;
  readonly logPath: string;
  /** Rejects when it ends without being asked. */
  readonly breakdown: Promise<never>;
  /** Asks it to end, and kills it when it does not; safe twice. */
  stop(): Promise<void>;
  /** Kills it and all that it started, with -9. */
  kill(): Promise<void>;
}

/** What to start. */
export interface ChildPlan {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logPath: string;
}

const stopWaitMs = 20_000;
const living = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of living) killSession(child);
});

/**
 * Starts Node with arguments, in a session of its own: a Ctrl-C in the terminal reaches the bench only, which stops all in order.
 *
 * @param plan - what to start
 * @returns the process
 */
export function startNode(plan: ChildPlan): Child {
  return startProgram(process.execPath, plan);
}

/**
 * Starts a program, in a session of its own.
 *
 * @param file - the program
 * @param plan - its arguments and where it runs
 * @returns the process
 */
export function startProgram(file: string, plan: ChildPlan): Child {
  const log = openSync(plan.logPath, "a");
  const { cwd, env } = plan;
  const child = spawn(file, [...plan.args], { cwd, env, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  return keep(child, plan.logPath);
}

/**
 * Forks a module that talks with the bench over Node's channel.
 *
 * @param module - its path
 * @param plan - `args` are for Node itself
 * @returns the process
 */
export function forkNode(module: string, plan: ChildPlan): Child {
  const log = openSync(plan.logPath, "a");
  const { cwd, env } = plan;
  const stdio = ["ignore", log, log, "ipc"] as const;
  const child = fork(module, { cwd, env, detached: true, execArgv: [...plan.args], stdio: [...stdio] });
  closeSync(log);
  return keep(child, plan.logPath);
}

function keep(child: ChildProcess, logPath: string): Child {
  living.add(child);
  let isAsked = false;
  const breakdown = new Promise<never>((_, reject) => {
    child.once("exit", (code, signal) => {
      living.delete(child);
      if (isAsked) return;
      const output = readFileSync(logPath, "utf8").slice(-4_000);
      reject(new Error(`${child.spawnargs.join(" ")} ended with ${signal ?? code}. Its output ends with:\n${output}`));
    });
  });
  breakdown.catch(() => undefined); // whoever waits for it is told
  return {
    process: child,
    logPath,
    breakdown,
    stop() {
      isAsked = true;
      return stop(child);
    },
    async kill() {
      isAsked = true;
      if (!living.has(child)) return;
      const ended = once(child, "exit");
      killSession(child);
      await ended;
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (!living.has(child)) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = new AbortController();
  const late = delay(stopWaitMs, undefined, { signal: timer.signal }).then(
    () => killSession(child),
    () => undefined,
  );
  await ended;
  timer.abort();
  await late;
}

function killSession(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // it has just ended
  }
}

/**
 * Waits until a process has written what is looked for.
 *
 * @param child - the process
 * @param find - looks at the complete lines of its output so far; null: not yet
 * @returns what was found
 * @throws Error with the end of its output when it ends before, or takes more than a minute; it is stopped then
 */
export async function awaitOutput<T>(child: Child, find: (lines: readonly string[]) => T | null): Promise<T> {
  const deadlineMs = performance.now() + 60_000;
  for (;;) {
    const text = readFileSync(child.logPath, "utf8");
    const found = find(text.split("\n").slice(0, -1));
    if (found !== null) return found;
    if (performance.now() > deadlineMs) {
      await child.stop();
      throw new Error(`${child.process.spawnargs.join(" ")} is not ready after a minute:\n${text.slice(-4_000)}`);
    }
    await Promise.race([delay(10), child.breakdown]);
  }
}

/**
 * Reads a line that may be JSON.
 *
 * @param line - of an output
 * @returns the object in it; null for anything else
 */
export function parseLine(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line); // an object, by its first character
  } catch {
    return null;
  }
}
