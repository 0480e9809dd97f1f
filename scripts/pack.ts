import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildPackages } from "./build.ts";
import { listPackages, rootDir } from "./workspace.ts";

/** The parts of `npm pack --json` that are used here. */
interface PackedPackage {
  readonly name: string;
  readonly filename: string;
}

/**
 * Builds the published packages and packs each as a tarball.
 *
 * @param outDir - the folder for the tarballs; made when it is missing
 * @returns the path of each tarball by the name of its package; `npm install` of all of them together works anywhere
 * @throws Error when a package does not compile or npm can't pack it
 * @example
 * ```ts
 * const tarballs = await packPackages("/tmp/packed"); // { "@pawl/sdk": "/tmp/packed/pawl-sdk-0.1.0.tgz", … }
 * ```
 */
export async function packPackages(outDir: string): Promise<Readonly<Record<string, string>>> {
  await buildPackages();
  mkdirSync(outDir, { recursive: true });
  const names = listPackages().flatMap(({ manifest }) => (manifest.private === true ? [] : [manifest.name]));
  const output = execFileSync(
    "npm",
    ["pack", "--json", "--pack-destination", resolve(outDir), ...names.flatMap((name) => ["-w", name])],
    { cwd: rootDir, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  const packed = JSON.parse(output) as readonly PackedPackage[]; // npm's own output
  return Object.fromEntries(packed.map(({ name, filename }) => [name, join(resolve(outDir), filename)]));
}

if (import.meta.main) {
  for (const path of Object.values(await packPackages(process.argv[2] ?? "packed"))) console.log(path);
}
