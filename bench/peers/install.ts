import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The folder with the peers' packages and the programs that use them. */
export const peersDir = import.meta.dirname;

/**
 * Installs the peers into their own folder, as their lock file says; at once when they are there.
 *
 * @param onProgress - told what takes time
 * @throws Error with npm's output when it fails
 */
export async function installPeers(onProgress: (text: string) => void): Promise<void> {
  const stampPath = join(peersDir, "node_modules/.installed");
  const stamp = createHash("sha256")
    .update(await readFile(join(peersDir, "package-lock.json")))
    .digest("hex");
  if ((await readFile(stampPath, "utf8").catch(() => null)) === stamp) return;
  onProgress("installing the peers into bench/peers/node_modules");
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--workspaces=false"];
  await run("npm", args, { cwd: peersDir, maxBuffer: 64_000_000 });
  await writeFile(stampPath, stamp);
}

/**
 * Reads the versions of the packages that are installed.
 *
 * @returns each package of `package.json` with its version
 */
export async function peerVersions(): Promise<Readonly<Record<string, string>>> {
  const manifest = JSON.parse(await readFile(join(peersDir, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return manifest.dependencies; // pinned
}
