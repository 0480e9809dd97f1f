import { execFile } from "node:child_process";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { StartError } from "../../start-error.ts";
import { isCode } from "./binaries.ts";

const run = promisify(execFile);

/** A process for all time: its pid, and when it started, since pids are used again. */
interface Owner {
  readonly pid: number;
  readonly startedAt: string;
}

/**
 * Makes this process the only owner of a folder. The claim of a process that has ended counts for nothing.
 *
 * @param folder - the folder, for messages
 * @param file - where the claim is written
 * @returns gives the folder up again; safe twice
 * @throws StartError when a living process owns it
 */
export async function own(folder: string, file: string): Promise<() => Promise<void>> {
  const mine = `${file}.${process.pid}`;
  const owner: Owner = { pid: process.pid, startedAt: (await startOf(process.pid)) ?? "" };
  await writeFile(mine, JSON.stringify(owner), { mode: 0o600 });
  try {
    // A link is made with its content in one step, or not at all.
    while (!(await makeLink(mine, file))) await removeDead(folder, file, `${mine}.old`);
  } finally {
    await rm(mine, { force: true });
  }
  let isOwned = true;
  return async () => {
    if (isOwned) await rm(file, { force: true });
    isOwned = false;
  };
}

async function makeLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** Takes the claim away before looking at it, so that of two processes that find it dead only one removes it. */
async function removeDead(folder: string, file: string, aside: string): Promise<void> {
  await refuseLiving(folder, file);
  await rename(file, aside).catch(() => undefined);
  try {
    await refuseLiving(folder, aside);
  } catch (error) {
    await makeLink(aside, file);
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function refuseLiving(folder: string, file: string): Promise<void> {
  const owner = await readOwner(file);
  if (owner === null || (await startOf(owner.pid)) !== owner.startedAt) return;
  throw new StartError(
    `The data folder ${folder} is in use by pid ${owner.pid}: stop that process, or set PAWL_DATA_DIR to another folder.`,
  );
}

async function readOwner(file: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Owner; // written by own()
  } catch {
    return null;
  }
}

/** When a process started, in the system's own terms; null when there is none. */
async function startOf(pid: number): Promise<string | null> {
  if (process.platform !== "linux") {
    const { stdout } = await run("ps", ["-o", "lstart=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
    return stdout.trim() || null;
  }
  const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (line === null) return null;
  // The second field is the name in parentheses, which may hold spaces; the start is the 22nd, counted in ticks since boot.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z") return null;
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  return `${boot.trim()}/${fields[19]}`;
}

/**
 * The command line of a process.
 *
 * @param pid - of the process
 * @returns its words, separated by spaces; null when there is no such process
 */
export async function commandLineOf(pid: number): Promise<string | null> {
  if (process.platform !== "linux") {
    const { stdout } = await run("ps", ["-o", "args=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
    return stdout.trim() || null;
  }
  const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return words.replaceAll("\0", " ").trim() || null;
}
