import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A process as `ps` shows it. */
interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  /** Resident memory in MB of 1,000,000 bytes. */
  readonly rssMb: number;
  readonly command: string;
}

/**
 * Reads the resident memory of a process.
 *
 * @param pid - its id
 * @returns MB of 1,000,000 bytes
 */
export async function rssOf(pid: number): Promise<number> {
  const found = (await listProcesses()).find((listed) => listed.pid === pid);
  if (found === undefined) throw new Error(`Process ${pid} has ended.`);
  return found.rssMb;
}

/**
 * Reads the resident memory of a host's run processes.
 *
 * @param hostPid - the host
 * @returns MB of 1,000,000 bytes of each
 */
export async function rssOfRunProcesses(hostPid: number): Promise<readonly number[]> {
  const children = (await listProcesses()).filter((listed) => listed.parent === hostPid);
  return children.filter(({ command }) => /\/child\/entry\.[jt]s /.test(command)).map(({ rssMb }) => rssMb);
}

/**
 * Reads the memory of processes and of all that they started: each page counted once, however many share it.
 *
 * @param roots - their ids
 * @returns MB of 1,000,000 bytes; 0 on a system without `/proc`
 */
export async function pssOfTree(roots: readonly number[]): Promise<number> {
  const processes = await listProcesses();
  const wanted = new Set(roots);
  for (let known = 0; known < wanted.size; ) {
    known = wanted.size;
    for (const { pid, parent } of processes) if (wanted.has(parent)) wanted.add(pid);
  }
  const kilobytes = await Promise.all(
    [...wanted].map(async (pid) => {
      const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => ""); // it may just have ended
      return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
    }),
  );
  return (kilobytes.reduce((sum, one) => sum + one, 0) * 1_024) / 1_000_000;
}

async function listProcesses(): Promise<readonly ListedProcess[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,rss=,command="], { maxBuffer: 64_000_000 });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, kilobytes, command = ""] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined) return [];
    return [{ pid: Number(pid), parent: Number(parent), rssMb: (Number(kilobytes) * 1_024) / 1_000_000, command }];
  });
}
