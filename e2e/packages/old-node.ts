import { execFile } from "node:child_process";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const oldestMajor = 22;

/**
 * Finds a Node on this machine that is too old for the command line.
 *
 * @returns its path; null where there is none
 */
export async function findOldNode(): Promise<string | null> {
  const folders = new Set([...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"]);
  for (const folder of folders) {
    const path = join(folder, "node");
    const version = await run(path, ["--version"]).then(
      ({ stdout }) => Number(/^v(\d+)/.exec(stdout)?.[1]),
      () => Number.NaN,
    );
    if (version < oldestMajor) return path;
  }
  return null;
}
