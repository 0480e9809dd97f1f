import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

const keptBundles = 10;

/**
 * Removes bundles of earlier sessions, but for the latest ten and those that are still needed.
 *
 * @param dir - the folder that holds a folder for each bundle; it may be missing
 * @param needed - paths of folders in it that stay
 */
export async function pruneBundles(dir: string, needed: ReadonlySet<string>): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  const folders = await Promise.all(
    names.map(async (name) => {
      const path = join(dir, name);
      const found = await stat(path).catch(() => null);
      return { path, changedAtMs: found?.mtimeMs ?? 0 };
    }),
  );
  folders.sort((a, b) => b.changedAtMs - a.changedAtMs);
  const spare = folders.slice(keptBundles).filter(({ path }) => !needed.has(path));
  await Promise.all(spare.map(({ path }) => rm(path, { recursive: true, force: true })));
}
