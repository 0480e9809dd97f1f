import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isProcessAlive } from "@pawl/contract/process-alive";
import { z } from "zod";
import { notWritable } from "./command-error.ts";

const devFileSchema = z.object({
  apiUrl: z.string(),
  secretKey: z.string(),
  dashboardUrl: z.string(),
  pid: z.int(),
});

/** What `.pawl/dev.json` tells an app that runs beside `pawl dev`. */
export type DevFile = z.infer<typeof devFileSchema>;

/**
 * The folder of a project that Pawl writes to.
 *
 * @param projectDir - absolute path of the project
 * @returns its path
 */
export function pawlDirOf(projectDir: string): string {
  return join(projectDir, ".pawl");
}

/**
 * Makes the folder that Pawl writes to, kept out of version control.
 *
 * @param projectDir - absolute path of the project
 * @returns its path
 * @throws CommandError when it can't be written
 */
export async function makePawlDir(projectDir: string): Promise<string> {
  const dir = pawlDirOf(projectDir);
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, ".gitignore"), "*\n");
  } catch (error) {
    throw notWritable(dir, error);
  }
  return dir;
}

/**
 * Writes `.pawl/dev.json`, readable by its owner only; readers never see half of it.
 *
 * @param projectDir - absolute path of the project
 * @param content - what to write
 */
export async function writeDevFile(projectDir: string, content: DevFile): Promise<void> {
  const path = devFileOf(projectDir);
  const draft = `${path}.${content.pid}`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path);
}

/**
 * Removes `.pawl/dev.json`. It may be gone already.
 *
 * @param projectDir - absolute path of the project
 */
export async function removeDevFile(projectDir: string): Promise<void> {
  await rm(devFileOf(projectDir), { force: true });
}

/**
 * Reads the `.pawl/dev.json` of a `pawl dev` that is alive.
 *
 * @param projectDir - absolute path of the project
 * @returns its content; `null` when there is none, or the one who wrote it is gone
 */
export async function readDevFile(projectDir: string): Promise<DevFile | null> {
  const text = await readFile(devFileOf(projectDir), "utf8").catch(() => null);
  if (text === null) return null;
  const parsed = devFileSchema.safeParse(parseJson(text));
  return parsed.success && isProcessAlive(parsed.data.pid) ? parsed.data : null;
}

/**
 * Finds the `pawl dev` that runs for a folder, or for one of the folders around it.
 *
 * @param startDir - absolute path to begin at
 * @returns what its `dev.json` says; `null` when none runs
 */
export async function findDevFile(startDir: string): Promise<DevFile | null> {
  const found = await readDevFile(startDir);
  if (found !== null) return found;
  const parent = dirname(startDir);
  return parent === startDir ? null : findDevFile(parent);
}

function devFileOf(projectDir: string): string {
  return join(pawlDirOf(projectDir), "dev.json");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
