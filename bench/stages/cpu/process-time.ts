import { readdir, readFile } from "node:fs/promises";

/** A process that is asked for its processor time. */
export interface TimedProcess {
  readonly pid: number;
  readonly parent: number;
  /** As `ps` shows it, shortened. */
  readonly title: string;
  /** Of all its threads, in milliseconds. */
  readonly totalMs: number;
  /** Of its main thread. */
  readonly mainMs: number;
}

/**
 * Reads the processor time of all processes, to the nanosecond, from what the kernel's scheduler counts.
 *
 * @returns by their ids
 * @throws Error on a system without `/proc/PID/schedstat`
 */
export async function readProcessTimes(): Promise<ReadonlyMap<number, TimedProcess>> {
  const names = await readdir("/proc");
  const pids = names.map(Number).filter(Number.isInteger);
  const found = await Promise.all(pids.map(readOne));
  const processes = new Map(found.flatMap((one) => (one === null ? [] : [[one.pid, one] as const])));
  if (processes.size === 0) throw new Error("This system has no /proc/PID/schedstat, which processor times come from.");
  return processes;
}

/**
 * All that descends from a process, itself included.
 *
 * @param processes - all processes
 * @param root - its id
 * @returns the processes
 */
export function treeOf(processes: ReadonlyMap<number, TimedProcess>, root: number): readonly TimedProcess[] {
  const own = processes.get(root);
  const below = [...processes.values()].filter(({ parent }) => parent === root);
  return [...(own === undefined ? [] : [own]), ...below.flatMap(({ pid }) => treeOf(processes, pid))];
}

/** Null for one that has just ended. */
async function readOne(pid: number): Promise<TimedProcess | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const title = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim();
    const threads = await readdir(`/proc/${pid}/task`);
    const times = await Promise.all(threads.map((thread) => threadMs(pid, thread)));
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    const mainMs = await threadMs(pid, String(pid));
    const totalMs = times.reduce((sum, ms) => sum + ms, 0);
    return { pid, parent, title, totalMs, mainMs };
  } catch {
    return null;
  }
}

async function threadMs(pid: number, thread: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8").catch(() => "0"); // it may have ended
  return Number(text.split(" ")[0]) / 1e6;
}
