import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import benchPackage from "../package.json" with { type: "json" };

const run = promisify(execFile);
const keptInstalls = 2;

/** What the packages are made from. */
const inputs = [
  "package-lock.json",
  "tsconfig.build.json",
  "scripts/{build,pack,run-step,workspace}.ts",
  "packages/*/{package.json,README.md,tsconfig.build.json}",
  "packages/*/{src,bin}/**/*.{ts,mts,cts,js,mjs,cjs,sql,json}",
];

/**
 * Packs the packages and installs them into a folder outside the repository, as a user does. An install of the same content
 * is used again.
 *
 * @param rootDir - the repository
 * @param onProgress - told what takes time
 * @param signal - ends it early
 * @returns the folder that has `node_modules`
 * @throws Error with the output of the step that failed
 */
export async function installPacked(
  rootDir: string,
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const cacheDir = join(tmpdir(), `pawl-bench-installs-${userInfo().username}`);
  await mkdir(cacheDir, { recursive: true, mode: 0o700 });
  const installDir = join(cacheDir, hashOf(rootDir));
  if (await isThere(installDir)) {
    await utimes(installDir, new Date(), new Date());
    return installDir;
  }
  const draft = await mkdtemp(join(cacheDir, "draft-"));
  try {
    onProgress("packing");
    await run(process.execPath, ["scripts/pack.ts", draft], { cwd: rootDir, maxBuffer: 64_000_000, signal });
    const tarballs = (await readdir(draft)).filter((name) => name.endsWith(".tgz")).map((name) => `./${name}`);
    await writeFile(join(draft, "package.json"), '{ "name": "bench-install", "private": true }\n');
    onProgress("installing");
    const args = ["install", "--no-audit", "--no-fund", "--prefer-offline", `zod@${benchPackage.dependencies.zod}`];
    await run("npm", [...args, ...tarballs], { cwd: draft, maxBuffer: 64_000_000, signal });
    await rename(draft, installDir);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  await prune(cacheDir);
  return installDir;
}

function hashOf(rootDir: string): string {
  const hash = createHash("sha256").update(process.version);
  for (const name of globSync(inputs, { cwd: rootDir, exclude: ["**/*.test.ts", "**/fixtures/**"] }).sort()) {
    const content = readFileSync(join(rootDir, name));
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

async function prune(cacheDir: string): Promise<void> {
  const installs = (await readdir(cacheDir)).filter((name) => !name.startsWith("draft-"));
  const aged = await Promise.all(
    installs.map(async (name) => ({ name, usedAtMs: (await stat(join(cacheDir, name))).mtimeMs })),
  );
  aged.sort((a, b) => b.usedAtMs - a.usedAtMs);
  await Promise.all(aged.slice(keptInstalls).map(({ name }) => rm(join(cacheDir, name), { recursive: true })));
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
