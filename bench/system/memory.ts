import { execFile } from "node:child_process";
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

async function listProcesses(): Promise<readonly ListedProcess[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,rss=,command="], { maxBuffer: 64_000_000 });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, kilobytes, command = ""] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined) return [];
    return [{ pid: Number(pid), parent: Number(parent), rssMb: (Number(kilobytes) * 1_024) / 1_000_000, command }];
  });
}
