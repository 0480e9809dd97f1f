import { readdir, readFile, readlink } from "node:fs/promises";

/** A process of this machine. */
export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * Finds the processes that belong to a stage: its folder stands in their environment, their command line, or is where they
 * work. So whatever a command of the stage has started is found, also when its parent is gone. It looks in `/proc`: on other
 * systems than Linux nothing is found.
 *
 * @param folder - the stage's folder, a path that nothing else on the machine has
 * @returns the processes that live
 */
export async function processesOf(folder: string): Promise<readonly FoundProcess[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => inspect(pid, folder)));
  return found.filter((process) => process !== null);
}

async function inspect(pid: number, folder: string): Promise<FoundProcess | null> {
  if (pid === process.pid) return null;
  // A process may end while it is looked at; one that has ended and was not yet waited for has none of these.
  const [command, environment, workingDir] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
    readFile(`/proc/${pid}/environ`, "utf8").catch(() => ""),
    readlink(`/proc/${pid}/cwd`).catch(() => ""),
  ]);
  const isOfStage = [command, environment, workingDir].some((text) => text.includes(folder));
  return isOfStage ? { pid, command: command.replaceAll("\0", " ").trim() } : null;
}

/**
 * Sends a signal to a process that may be gone.
 *
 * @param pid - of the process; negative: a process group
 * @param signal - which one
 * @returns whether there was one to take it
 */
export function signal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
