import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Product } from "./product.ts";

/** The folder of one bench, outside the repository; what is in it finds the measured product's packages. */
export interface WorkFolder {
  readonly dir: string;
  /** The task folder's project. */
  readonly projectDir: string;
  /** The programs of the load. */
  readonly loadDir: string;
  /** The server's data. */
  readonly dataDir: string;
  logPath(name: string): string;
  remove(): Promise<void>;
}

/**
 * Makes the folder.
 *
 * @param product - whose packages it uses
 * @param parentDir - where it is made
 * @returns the folder, with copies of project and load
 */
export async function makeWorkFolder(product: Product, parentDir = tmpdir()): Promise<WorkFolder> {
  const dir = await mkdtemp(join(parentDir, "pawl-bench-"));
  const copies = { project: join(dir, "project"), load: join(dir, "load") };
  const benchDir = join(import.meta.dirname, "..");
  for (const [name, target] of Object.entries(copies)) await cp(join(benchDir, name), target, { recursive: true });
  await symlink(product.nodeModules, join(dir, "node_modules"));
  await writeFile(join(dir, "package.json"), '{ "private": true, "type": "module" }\n');
  await mkdir(join(dir, "logs"));
  return {
    dir,
    projectDir: copies.project,
    loadDir: copies.load,
    dataDir: join(dir, "data"),
    logPath: (name) => join(dir, "logs", `${name}.log`),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
