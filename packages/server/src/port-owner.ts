import { readdir, readFile, readlink } from "node:fs/promises";

/**
 * Finds the process that listens on a TCP port of this machine, as far as the system tells.
 *
 * @param port - the port
 * @returns its pid and command line; null where the process is not ours to see, and on other systems than Linux
 */
export async function findPortOwner(port: number): Promise<{ readonly pid: number; readonly command: string } | null> {
  const inodes = await listeningInodes(port);
  if (inodes.size === 0) return null;
  for (const pid of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return { pid: Number(pid), command: words.replaceAll("\0", " ").trim().slice(0, 100) };
    }
  }
  return null;
}

const listening = "0A"; // the state of the socket, in the kernel's table

async function listeningInodes(port: number): Promise<ReadonlySet<string>> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const lines = (await readFile(table, "utf8").catch(() => "")).split("\n").slice(1);
    for (const line of lines) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (local?.endsWith(`:${hexPort}`) === true && state === listening && inode !== undefined) inodes.add(inode);
    }
  }
  return inodes;
}
