import { readdir, readFile } from "node:fs/promises";

/** The parts of the system that use the processor. */
const parts = ["server", "postgres", "host", "run processes", "load"] as const;

/** Processor time that each part has used so far, in milliseconds. */
export type CpuTimes = Readonly<Record<(typeof parts)[number], number>>;

/** The processes that the times are read of. */
export interface CpuOwners {
  readonly servers: readonly number[];
  readonly hosts: readonly number[];
  readonly load: number;
  readonly postmaster: number;
}

interface ProcessTimes {
  readonly parent: number;
  readonly own: number;
  /** Of children that have ended. */
  readonly ended: number;
}

const tickMs = 10;

/**
 * Reads the processor time of each part of the system. Unlike a rate it hardly changes with other work on the machine.
 *
 * @param owners - the processes
 * @returns the times; null on a system without `/proc`
 */
export async function readCpuTimes(owners: CpuOwners): Promise<CpuTimes | null> {
  const processes = await readProcesses();
  if (processes === null) return null;
  const own = (pid: number) => processes.get(pid)?.own ?? 0;
  const below = (pid: number) => {
    let sum = processes.get(pid)?.ended ?? 0;
    for (const [child, times] of processes) if (times.parent === pid) sum += times.own + below(child);
    return sum;
  };
  const sumOf = (pids: readonly number[], times: (pid: number) => number) =>
    pids.reduce((sum, pid) => sum + times(pid), 0);
  return {
    server: sumOf(owners.servers, own),
    postgres: own(owners.postmaster) + below(owners.postmaster),
    host: sumOf(owners.hosts, own),
    "run processes": sumOf(owners.hosts, below),
    load: own(owners.load),
  };
}

/**
 * Says what was used between two readings for each run.
 *
 * @param before - null: unknown
 * @param after - null: unknown
 * @param runs - how many
 * @returns the sentence; null where the times are unknown
 */
export function cpuForEachRun(before: CpuTimes | null, after: CpuTimes | null, runs: number): string | null {
  if (before === null || after === null) return null;
  const microseconds = (ms: number) => `${Math.round((ms / runs) * 1_000)} µs`;
  const sum = parts.reduce((total, part) => total + after[part] - before[part], 0);
  const listed = parts.map((part) => `${part} ${microseconds(after[part] - before[part])}`);
  return `processor time for each run: ${listed.join(", ")}; in all ${microseconds(sum)}`;
}

async function readProcesses(): Promise<ReadonlyMap<number, ProcessTimes> | null> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.map(Number).filter(Number.isInteger);
  if (pids.length === 0) return null;
  const found = await Promise.all(pids.map(async (pid) => [pid, await readProcess(pid)] as const));
  return new Map(found.flatMap(([pid, times]) => (times === null ? [] : [[pid, times]])));
}

async function readProcess(pid: number): Promise<ProcessTimes | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null); // it may just have ended
  if (text === null) return null;
  // After the command, which may hold anything: state, parent, …; utime, stime, cutime and cstime are the 12th to 15th.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ms = (index: number) => Number(fields[index]) * tickMs;
  return { parent: Number(fields[1]), own: ms(11) + ms(12), ended: ms(13) + ms(14) };
}
